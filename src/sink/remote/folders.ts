import type { Attributes } from "./store.ts";
import { entryError, StoreError } from "./store-error.ts";

interface Folder {
  readonly path: string;
  readonly attributes: Attributes;
  readonly ready: Promise<unknown>;
}

/** The folders of a run, made while the work goes on: whatever belongs into one waits for it. */
export class Folders {
  readonly #make: (path: string) => Promise<unknown>;
  /** From the destination down to where the walk is. */
  #way: Folder[] = [];
  #all: Folder[] = [];
  readonly #failed = new Set<string>();

  constructor(make: (path: string) => Promise<unknown>) {
    this.#make = make;
  }

  make(path: string, attributes: Attributes): Promise<unknown> {
    const ready = this.of(path).then(() => this.#make(path));
    // Whoever waits for it is told; nobody may.
    ready.catch(() => this.#failed.add(path));
    const folder = { path, attributes, ready };
    this.#way.push(folder);
    this.#all.push(folder);
    return ready;
  }

  /** In the order of the walk: resolves when the folder is there that a path belongs in. */
  of(path: string): Promise<void> {
    while (this.#way.length > 0 && !path.startsWith(`${this.#way.at(-1)?.path}/`)) this.#way.pop();
    return this.#after(this.#way.at(-1));
  }

  async #after(parent: Folder | undefined): Promise<void> {
    try {
      await parent?.ready;
    } catch (error) {
      throw error instanceof StoreError && error.concerns === "entry" ? notMade(error) : error;
    }
  }

  /** Throws unless each folder above a path is one that was made, and no link that lies there in its place. */
  checkMade(path: string): void {
    if (this.#failed.size === 0) return;
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1))
      if (this.#failed.has(path.slice(0, slash))) throw notMade();
  }

  /** Those that were made, inner ones before those around them. */
  *made(): Iterable<Folder> {
    for (const folder of this.#all.toReversed()) if (!this.#failed.has(folder.path)) yield folder;
  }
}

function notMade(cause?: unknown): StoreError {
  return entryError("the folder it belongs in could not be made", cause);
}
