import { NomountError } from "../../error.ts";
import type { BlockSource, Extent } from "../../source/block-source.ts";
import { resolve } from "../../source/resolve.ts";
import { takesRoom } from "../../source/window.ts";
import { isFatal, reason, sinkFault } from "../failure.ts";
import { sayRuleLosses } from "../losses.ts";
import { checkPath } from "../safe-path.ts";
import type { Entry, Keeps, Pace, SinkEvents } from "../sink.ts";
import type { Lost } from "./apply.ts";
import { Batch, metadataOf } from "./batch.ts";
import { tidyFolder } from "./claim.ts";
import type { Destination } from "./destination.ts";
import { Directories } from "./directories.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { Finding, Result } from "./folder-writer.ts";
import { fileParts, LARGE_FILE_BYTES, LARGE_FILE_EXTENTS, LargeFile } from "./large-file.ts";
import type { Native } from "./native.ts";
import { NewFile } from "./new-file.ts";
import type { FolderSettings } from "./settings.ts";

const BATCH_JOBS = 256;
const BATCH_STORED_BYTES = 2 * 1024 * 1024;
const BATCH_PLAN_BYTES = 256 * 1024;
/** Directories wait until the end, in long batches: each has some memory to spare. */
const DIRECTORY_BATCH_JOBS = 4096;
/** Hard links wait until the files that they name are written. */
const LINKS_AT_ONCE = 1024;

const DEFAULT_DIRECTORY_MODE = 0o777;

/** One run into an open folder: makes directories, plans files in batches, and has those done. */
export class FolderRun {
  readonly #destination: Destination;
  readonly #keeps: Keeps;
  readonly #events: SinkEvents;
  readonly #native: Native | undefined;
  readonly #pace: Pace | undefined;
  readonly #dispatcher: Dispatcher;
  readonly #directories: Directories;
  #settings: FolderSettings;
  #batch: Batch;
  #entries: Entry[] = [];
  #storedBytes = 0;
  #links: Entry[] = [];
  readonly #deferred: Batch[] = [];
  readonly #largeFiles = new Set<LargeFile>();

  constructor(
    destination: Destination,
    settings: FolderSettings,
    means: { readonly threads: number; readonly native: Native | undefined; readonly pace: Pace | undefined },
    keeps: Keeps,
    events: SinkEvents,
  ) {
    this.#destination = destination;
    this.#settings = settings;
    this.#keeps = keeps;
    this.#events = events;
    this.#native = means.native;
    this.#pace = means.pace;
    this.#dispatcher = new Dispatcher(means.threads, means.native);
    this.#directories = new Directories(destination.prefix, destination.startedNs);
    this.#batch = new Batch(destination.prefix);
  }

  add(entry: Entry, content: BlockSource | undefined): Promise<void> | void {
    this.#dispatcher.throwIfEnded();
    try {
      return this.#take(entry, content);
    } catch (error) {
      this.#failed(entry.path, error);
      this.#dispatcher.throwIfEnded();
    }
  }

  async finish(): Promise<void> {
    this.#flush();
    await this.#linkAll();
    for (let batch = this.#deferred.pop(); batch !== undefined; batch = this.#deferred.pop()) {
      // Those inside first: a directory may be closed to its owner.
      this.#dispatcher.submit(batch, this.#settings, (result) => this.#say(result.findings), "reversed");
      await this.#dispatcher.drain();
    }
    await this.#dispatcher.close();
    this.#dispatcher.throwIfEnded();
  }

  async abort(): Promise<void> {
    this.#dispatcher.stop();
    await this.#dispatcher.close();
    for (const large of this.#largeFiles) large.discard();
  }

  #take(entry: Entry, content: BlockSource | undefined): Promise<void> | void {
    const { path, node, hardLinkTo, linkTarget } = entry;
    if (path === "") return this.#takeRoot(entry);
    checkPath(path);
    if (node.kind === "directory") return this.#takeDirectory(entry);
    this.#directories.checkParent(path);
    if (hardLinkTo !== undefined) {
      this.#links.push(entry);
      return this.#links.length < LINKS_AT_ONCE ? undefined : this.#linkAll();
    }
    if (node.kind === "file") return this.#takeFile(entry, content);
    if (node.kind === "symlink") this.#batch.symlink(entry, linkTarget ?? "");
    else if (node.kind === "other") throw new NomountError("unsupported", "its kind is none that a folder can have");
    else this.#batch.special(entry);
    return this.#queued(entry, 0);
  }

  /** A folder that was there before keeps what it has: it may be /tmp. */
  #takeRoot(entry: Entry): void {
    if (this.#settings.tidies) tidyFolder(this.#destination.prefix);
    if (this.#destination.isNew) this.#defer(entry);
    else if (!this.#settings.tidies)
      this.#events.lost("", "mode", "the destination was there before, and keeps its own mode, owner, times and attributes");
    this.#events.done(entry);
  }

  #takeDirectory(entry: Entry): void {
    const made = this.#directories.make(entry.path);
    // Who knows what a folder with a history gives to new files: its group, an ACL.
    if (made === "was there") this.#settings = { ...this.#settings, newFileOwner: undefined };
    if (made === "was there" && this.#settings.tidies) tidyFolder(this.#directories.absolute(entry.path));
    if (made === "made in this run")
      this.#events.lost(entry.path, "name", "merged into a folder of this run whose name the destination takes for the same");
    this.#defer(entry);
    this.#done(entry);
  }

  #defer(entry: Entry): void {
    let batch = this.#deferred.at(-1);
    if (batch === undefined || batch.jobs >= DIRECTORY_BATCH_JOBS) {
      batch = new Batch(this.#destination.prefix);
      this.#deferred.push(batch);
    }
    batch.directory(entry, DEFAULT_DIRECTORY_MODE & ~this.#settings.umask);
  }

  #takeFile(entry: Entry, content: BlockSource | undefined): Promise<void> | void {
    if (content === undefined) throw new NomountError("usage", "a file came without its content");
    const extents: Extent[] = [];
    let storedBytes = 0;
    const rest = resolve(content);
    for (let next = rest.next(); next.done !== true; next = rest.next()) {
      extents.push(next.value);
      if (takesRoom(next.value)) storedBytes += next.value.lengthBytes;
      // A digest is made of the bytes in their order, by the one thread that writes them all.
      const inParts = !this.#settings.digests && (storedBytes > LARGE_FILE_BYTES || extents.length >= LARGE_FILE_EXTENTS);
      if (inParts) return this.#takeLargeFile(entry, extents, rest);
    }
    this.#batch.file(entry, extents);
    return this.#queued(entry, storedBytes);
  }

  async #takeLargeFile(entry: Entry, first: readonly Extent[], rest: Iterable<Extent>): Promise<void> {
    this.#flush();
    const { path, node } = entry;
    const file = new NewFile(this.#directories.absolute(path), metadataOf(entry), this.#settings);
    const lost: Lost = (facet, why) => this.#events.lost(path, facet, why);
    const large = new LargeFile(file, node.sizeBytes, this.#native, lost, (error) => {
      this.#largeFiles.delete(large);
      if (error === undefined) this.#done(entry);
      else this.#failed(path, error);
    });
    this.#largeFiles.add(large);
    try {
      file.setSize(node.sizeBytes);
      for (const part of fileParts(chain(first, rest))) {
        if (large.isOver || this.#dispatcher.isOver) break;
        await this.#pace?.take(part.lengthBytes);
        const batch = new Batch(this.#destination.prefix);
        batch.part(path, file.fd, part.offsetBytes, part.extents);
        large.partBegun();
        this.#dispatcher.submit(batch, this.#settings, (result) => {
          this.#events.progress(part.lengthBytes);
          large.partDone(result);
        });
        await this.#dispatcher.room();
      }
      if (this.#dispatcher.isOver) large.abandon();
      large.planned();
    } catch (error) {
      large.planned(error);
    }
    this.#dispatcher.throwIfEnded();
  }

  /** Links what was held back, after everything that it may name. */
  async #linkAll(): Promise<void> {
    this.#flush();
    await this.#dispatcher.drain();
    for (const entry of this.#links.splice(0)) {
      if (entry.hardLinkTo === undefined) continue;
      this.#batch.hardLink(entry.path, entry.hardLinkTo);
      void this.#queued(entry, 0);
    }
    this.#flush();
    await this.#dispatcher.drain();
  }

  #queued(entry: Entry, storedBytes: number): Promise<void> | void {
    this.#entries.push(entry);
    this.#storedBytes += storedBytes;
    const full = this.#entries.length >= BATCH_JOBS || this.#storedBytes >= BATCH_STORED_BYTES;
    if (!full && this.#batch.sizeBytes < BATCH_PLAN_BYTES) return;
    const batchBytes = this.#storedBytes;
    this.#flush();
    const wait = this.#pace?.take(batchBytes);
    return wait === undefined ? this.#dispatcher.room() : wait.then(() => this.#dispatcher.room());
  }

  #flush(): void {
    if (this.#entries.length === 0) return;
    const entries = this.#entries;
    const batch = this.#batch;
    this.#entries = [];
    this.#storedBytes = 0;
    this.#batch = new Batch(this.#destination.prefix);
    this.#dispatcher.submit(batch, this.#settings, (result) => this.#settle(entries, result));
  }

  #settle(entries: readonly Entry[], { findings, jobsDone }: Result): void {
    this.#say(findings);
    const notDone = findings.filter(({ kind }) => kind === "failed" || kind === "omitted").map(({ job }) => job);
    const digests = new Map(findings.flatMap((one) => (one.kind === "digest" ? [[one.job, one.sha256] as const] : [])));
    for (let job = 0; job < jobsDone; job++) {
      const entry = entries[job];
      if (entry === undefined) continue;
      if (entry.hardLinkTo === undefined && entry.node.kind === "file") this.#events.progress(entry.node.sizeBytes);
      if (!notDone.includes(job)) this.#done(entry, digests.get(job));
    }
  }

  #say(findings: readonly Finding[]): void {
    for (const finding of findings) {
      const path = this.#destination.relative(finding.path);
      if (finding.kind === "failed") this.#events.failed(path, finding.fault);
      else if (finding.kind === "lost" || finding.kind === "omitted")
        this.#events[finding.kind](path, finding.facet, finding.why);
    }
  }

  #done(entry: Entry, sha256?: string): void {
    this.#events.done(entry, sha256);
    if (entry.hardLinkTo !== undefined) return;
    sayRuleLosses(entry, this.#keeps, this.#events);
    const { newFileOwner } = this.#destination;
    const { uid, gid } = entry.node;
    if (this.#keeps.owner !== true && uid !== undefined && (uid !== newFileOwner.uid || gid !== newFileOwner.gid))
      this.#events.lost(entry.path, "owner", this.#keeps.owner);
  }

  #failed(path: string, error: unknown): void {
    if (isFatal(error)) this.#dispatcher.end({ kind: "sink", message: reason(error) });
    else this.#events.failed(path, sinkFault(error));
  }
}

function* chain<T>(...parts: readonly Iterable<T>[]): Generator<T> {
  for (const part of parts) yield* part;
}
