import { setMaxListeners } from "node:events";
import { type Fault, faultOf, NomountError, SourceError } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { sinkFault } from "../failure.ts";
import { sayRuleLosses } from "../losses.ts";
import { checkPath } from "../safe-path.ts";
import type { Entry, Facet, Keeps, Sink, SinkEvents, Stock, Wishes } from "../sink.ts";
import { Folders } from "./folders.ts";
import { Jobs } from "./jobs.ts";
import { portablePath } from "./names.ts";
import type { RemoteOptions } from "./remote-options.ts";
import { Retry } from "./retry.ts";
import { FileSending, type Sending } from "./send-file.ts";
import type { Store } from "./store.ts";
import { entryError, StoreError } from "./store-error.ts";

/** Hard links wait until the files that they name have arrived. */
const LINKS_AT_ONCE = 1024;
/** What is broken off may be taken away for so long; a server that does not answer is left alone. */
const TIDY_MS = 5000;

/** A tree of files on a server, whatever the protocol: several files on their way at once, each with its name when it is whole. */
export class TreeSink implements Sink {
  readonly #store: Store;
  readonly #options: RemoteOptions;
  readonly #abort = new AbortController();
  readonly #retry: Retry;
  readonly #jobs: Jobs;
  readonly #folders: Folders;
  #sending: Sending | undefined;
  #told: SinkEvents | undefined;
  #links: Entry[] = [];
  #error: unknown;
  readonly stock: Stock;

  constructor(store: Store, options: RemoteOptions = {}) {
    this.#store = store;
    this.#options = options;
    // One for each file on its way, and for each of its reads.
    setMaxListeners(0, this.#abort.signal);
    this.#retry = new Retry(options, this.#abort.signal);
    this.#jobs = new Jobs(options.jobs ?? store.parallel, (error) => this.#end(error));
    this.#folders = new Folders((path) => this.#retried(() => store.makeFolder(path)));
    this.stock = {
      look: (path) => this.#retried(() => store.look(this.#remote(path))),
      read: (path) => store.read(this.#remote(path)),
    };
  }

  async open(events: SinkEvents, wishes: Wishes = {}): Promise<Keeps> {
    const { resume = false, damaged = "leave out" } = this.#options;
    const { digests = false, pace } = wishes;
    this.#told = events;
    this.#sending = {
      ...{ store: this.#store, retry: this.#retry, signal: this.#abort.signal },
      ...{ resume, damaged, digests, pace, progress: (bytes) => events.progress(bytes) },
    };
    await this.#retry.run(() => this.#store.open());
    return this.#store.keeps;
  }

  add(entry: Entry, content: BlockSource | undefined): Promise<void> | void {
    this.#throwIfEnded();
    const { path, node, hardLinkTo } = entry;
    try {
      if (path !== "") checkPath(path);
      this.#checkNames(path);
    } catch (error) {
      return this.#events.failed(path, sinkFault(error));
    }
    if (hardLinkTo !== undefined) {
      this.#links.push(entry);
      return this.#links.length < LINKS_AT_ONCE ? undefined : this.#linkAll();
    }
    if (node.kind === "directory") this.#takeFolder(entry);
    else if (node.kind === "file") this.#takeFile(entry, content);
    else if (node.kind === "symlink") this.#takeSymlink(entry);
    else if (node.kind === "other")
      this.#events.failed(path, { kind: "unsupported", message: "its kind is none that a server can have" });
    else this.#omit(path, node.kind === "fifo" || node.kind === "socket" ? node.kind : "device");
    return this.#jobs.room();
  }

  async finish(): Promise<void> {
    await this.#linkAll();
    await this.#setFolders();
    await this.#store.close();
    this.#throwIfEnded();
  }

  async abort(): Promise<void> {
    this.#error ??= new NomountError("sink", `${this.#store.label}: the copy was ended before it was complete`);
    this.#abort.abort(this.#error);
    const tidy = this.#jobs.drain();
    await Promise.race([tidy, new Promise((resolve) => setTimeout(resolve, TIDY_MS).unref())]);
    await this.#store.close();
    await tidy;
  }

  get #events(): SinkEvents {
    if (this.#told === undefined) throw new NomountError("usage", "a server is opened before anything is added to it");
    return this.#told;
  }

  /** Where an entry goes. */
  #remote(path: string): string {
    return this.#options.mapNames === true ? portablePath(path) : path;
  }

  #checkNames(path: string): void {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const mapped = this.#remote(name);
    const why = this.#store.refuses(mapped);
    if (why !== undefined) throw entryError(this.#options.mapNames === true ? why : `${why}: --map-names writes it otherwise`);
    if (mapped !== name) this.#events.lost(path, "name", "percent-encoded as asked");
  }

  #takeFolder(entry: Entry): void {
    const { path } = entry;
    if (path === "") this.#events.lost("", "mode", "the destination keeps its own mode, owner and times");
    const made = path === "" ? undefined : this.#folders.make(this.#remote(path), entry.node);
    this.#start(entry, async () => {
      await made;
      return undefined;
    });
  }

  #takeFile(entry: Entry, content: BlockSource | undefined): void {
    const sending = this.#sending;
    if (content === undefined || sending === undefined) throw new NomountError("usage", "a file came without its content");
    const path = this.#remote(entry.path);
    const parent = this.#folders.of(path);
    this.#start(entry, async () => {
      await parent;
      await this.#refuseExisting(path);
      const { sha256, damage } = await new FileSending(sending, path, entry, content).run();
      if (damage === undefined) return sha256;
      throw damage;
    });
  }

  #takeSymlink(entry: Entry): void {
    const { symlink } = this.#store;
    if (symlink === undefined) {
      this.#omit(entry.path, "symlink");
      return;
    }
    const path = this.#remote(entry.path);
    const parent = this.#folders.of(path);
    this.#start(entry, async () => {
      await parent;
      await this.#refuseExisting(path);
      await this.#retried(() => symlink.call(this.#store, path, entry.linkTarget ?? "", entry.node));
      return undefined;
    });
  }

  /** Links what was held back, after everything that it may name. */
  async #linkAll(): Promise<void> {
    await this.#jobs.drain();
    this.#throwIfEnded();
    const { hardLink } = this.#store;
    for (const entry of this.#links.splice(0)) {
      const { path, hardLinkTo } = entry;
      if (hardLinkTo === undefined || hardLink === undefined) continue;
      this.#start(entry, async () => {
        this.#folders.checkMade(this.#remote(path));
        await this.#refuseExisting(this.#remote(path));
        await this.#retried(() => hardLink.call(this.#store, this.#remote(path), this.#remote(hardLinkTo)));
        return undefined;
      });
      await this.#jobs.room();
    }
    await this.#jobs.drain();
    this.#throwIfEnded();
  }

  /** Times of folders, and modes that may close them, come when everything is in them; those inside first. */
  async #setFolders(): Promise<void> {
    const { setAttributes } = this.#store;
    if (setAttributes === undefined) return;
    for (const { path, attributes } of this.#folders.made()) {
      this.#jobs.start(async () => {
        try {
          await this.#retried(() => setAttributes.call(this.#store, path, attributes));
        } catch (error) {
          this.#failed(error, (fault) => this.#events.lost(path, "mode", fault.message));
        }
      });
      await this.#jobs.room();
    }
    await this.#jobs.drain();
    this.#throwIfEnded();
  }

  /** A job that ends in `done` or `failed`. */
  #start(entry: Entry, work: () => Promise<string | undefined>): void {
    this.#jobs.start(async () => {
      try {
        const sha256 = await work();
        this.#events.done(entry, sha256);
        if (entry.hardLinkTo === undefined) this.#sayLosses(entry);
      } catch (error) {
        this.#failed(error, (fault) => this.#events.failed(entry.path, fault));
      }
    });
  }

  async #refuseExisting(path: string): Promise<void> {
    if (this.#options.existing !== "refuse") return;
    if ((await this.#retried(() => this.#store.look(path))) !== undefined) throw entryError("it is there already");
  }

  #retried<T>(work: () => Promise<T>): Promise<T> {
    return this.#retry.run(async () => {
      await this.#store.open();
      return work();
    });
  }

  #failed(error: unknown, tell: (fault: Fault) => void): void {
    if (this.#error !== undefined) return;
    const isEnd = error instanceof StoreError ? error.concerns === "store" : error instanceof SourceError && error.fatal;
    if (error instanceof NomountError && !isEnd) tell(faultOf(error));
    else this.#end(error);
  }

  #omit(path: string, facet: Facet): void {
    const kept = this.#store.keeps[facet];
    this.#events.omitted(path, facet, kept === true ? "not sent" : kept);
  }

  #sayLosses(entry: Entry): void {
    const { keeps } = this.#store;
    sayRuleLosses(entry, keeps, this.#events);
    const say = (facet: Facet, has: boolean): void => {
      const kept = keeps[facet];
      if (has && kept !== true) this.#events.lost(entry.path, facet, kept);
    };
    const { node, xattrs } = entry;
    say("mode", node.mode !== undefined);
    say("owner", node.uid !== undefined);
    say("modified", node.modifiedNs !== undefined);
    say("accessed", node.accessedNs !== undefined);
    const beyond = node.modifiedNs !== undefined && keeps.modified === true && !this.#store.holdsTime(node.modifiedNs);
    if (beyond) this.#events.lost(entry.path, "modified", "the protocol has no time so far away");
    say("nanoseconds", keeps.modified === true && (node.modifiedNs ?? 0n) % 1_000_000_000n !== 0n);
    say(
      "acl",
      xattrs.some(({ name }) => name.startsWith("system.posix_acl")),
    );
    say(
      "xattr",
      xattrs.some(({ name }) => !name.startsWith("system.posix_acl")),
    );
  }

  #end(error: unknown): void {
    this.#error ??= error;
    this.#abort.abort(error);
  }

  #throwIfEnded(): void {
    if (this.#error !== undefined) throw this.#error;
  }
}
