import { availableParallelism } from "node:os";
import { NomountError } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import type { Entry, Keeps, Sink, SinkEvents, Stock, Wishes } from "../sink.ts";
import { NO_NATIVE } from "./apply.ts";
import { openDestination } from "./destination.ts";
import { FolderRun } from "./folder-run.ts";
import { FolderStock } from "./folder-stock.ts";
import { loadNative, type Native } from "./native.ts";
import type { Damaged, Existing } from "./settings.ts";

export interface FolderOptions {
  /**
   * A file that is there already: `replace` as cp does (by a new file and a rename, so that nothing is written through a
   * link, and the old one stays until the new one is whole), or `refuse`. Directories are merged. Default `replace`.
   */
  readonly existing?: Existing | undefined;
  /**
   * A file of which a part cannot be read: `leave out`, or `keep` what can be had, with zeros in its place. It is reported as
   * failed either way. Default `leave out`.
   */
  readonly damaged?: Damaged | undefined;
  /** Whether files get the guest's owner and group. Default: when root. */
  readonly owners?: boolean | undefined;
  /** Threads that write besides the calling one. Default: one less than the machine has processors, at most 4. */
  readonly threads?: number | undefined;
  /** To go on after a run that was killed: what it has left half written is taken away. Default false. */
  readonly resume?: boolean | undefined;
  /** Whether to use the optional native part (package koffi). Default true. */
  readonly native?: boolean | undefined;
}

const MAX_THREADS = 4;

/**
 * A folder of this machine, written by its system's own calls. A file has its name when it is whole; whatever ends a run (abort,
 * full disk, a bad place) takes away those that are not, and only a killed process leaves one, under a temporary name. Directories belong to their owner alone until the end, when they get their modes and times.
 */
export class FolderSink implements Sink {
  readonly #path: string;
  readonly #options: FolderOptions;
  #run: FolderRun | undefined;
  #stock: FolderStock | undefined;

  constructor(path: string, options: FolderOptions = {}) {
    this.#path = path;
    this.#options = options;
  }

  async open(events: SinkEvents, { digests = false, pace }: Wishes = {}): Promise<Keeps> {
    const {
      existing = "replace",
      damaged = "leave out",
      resume = false,
      threads = Math.min(availableParallelism() - 1, MAX_THREADS),
    } = this.#options;
    const isRoot = process.geteuid?.() === 0;
    const { owners = isRoot } = this.#options;
    const native = this.#options.native === false ? undefined : await loadNative();
    const destination = openDestination(this.#path);
    const { startedNs, umask, newFileOwner } = destination;
    const settings = { existing, damaged, owners, tidies: resume, digests, startedNs, umask, newFileOwner };
    const keeps = keepsOf(native, isRoot, owners);
    this.#run = new FolderRun(destination, settings, { threads, native, pace }, keeps, events);
    this.#stock = new FolderStock(destination.prefix);
    return keeps;
  }

  add(entry: Entry, content: BlockSource | undefined): Promise<void> | void {
    return this.#opened().add(entry, content);
  }

  finish(): Promise<void> {
    return this.#opened().finish();
  }

  async abort(): Promise<void> {
    await this.#run?.abort();
  }

  get stock(): Stock | undefined {
    return this.#stock;
  }

  #opened(): FolderRun {
    if (this.#run === undefined) throw new NomountError("usage", "a folder is opened before anything is added to it");
    return this.#run;
  }
}

function keepsOf(native: Native | undefined, isRoot: boolean, owners: boolean): Keeps {
  const withNative = native === undefined ? NO_NATIVE : true;
  return {
    name: true,
    mode: true,
    owner: owners || (isRoot ? "left out as asked" : "only root can give files to others"),
    modified: true,
    accessed: true,
    created: "no system call sets it",
    nanoseconds: withNative,
    symlink: true,
    "hard link": true,
    fifo: withNative,
    socket: withNative,
    device: isRoot ? withNative : "only root can make devices",
    xattr: withNative,
    acl: withNative,
    stream: true,
    flags: "not set in a copy",
    holes: true,
  };
}
