import { NomountError } from "../../error.ts";
import type { Damaged } from "../file-system.ts";
import type { DirectoryEntry, NodeKind } from "../node.ts";
import { DirectoryIndex } from "./directory-index.ts";
import { findEntry } from "./directory-lookup.ts";
import { allEntries } from "./directory-walk.ts";
import { type NtfsFile, openFile } from "./file.ts";
import { FLAG } from "./file-flags.ts";
import { DOS, fileNameOf } from "./file-name.ts";
import { ATTRIBUTE, FIRST_USER_RECORD, isStale, RECORD } from "./ids.ts";
import type { IndexEntry } from "./index-node.ts";
import type { Mft } from "./mft.ts";
import type { Clustered } from "./run-extents.ts";
import type { Upcase } from "./upcase.ts";

/** Where an index is too large for a glance, and its records lie scattered, as many as can be kept are looked at together. */
const FIRST_BATCH = 256;

/** Of $FILE_NAME flags: the file is a directory. */
const IS_DIRECTORY = 0x10000000;

/** The names of one directory. */
export class Directory {
  readonly #volume: Clustered;
  readonly #mft: Mft;
  readonly #file: NtfsFile;

  constructor(volume: Clustered, mft: Mft, file: NtfsFile) {
    this.#volume = volume;
    this.#mft = mft;
    this.#file = file;
  }

  /**
   * In the order of the index; without DOS aliases, and in the root without the volume's own files. Many entries are looked
   * at together, so that their records are read in the order in which they lie instead of that of the names.
   */
  *list(damaged: Damaged): Generator<DirectoryEntry> {
    const index = new DirectoryIndex(this.#volume, this.#file, true);
    const ahead = index.records();
    if (ahead.length <= this.#mft.batchRecords) this.#mft.preload(ahead);
    let batch: IndexEntry[] = [];
    let wanted = FIRST_BATCH;
    for (const entry of allEntries(index, damaged)) {
      if (this.#isOwn(entry)) continue;
      batch.push(entry);
      if (batch.length < wanted) continue;
      if (this.#mft.preload(batch.map(({ record }) => record))) wanted = this.#mft.batchRecords;
      yield* this.#shown(batch, damaged);
      batch = [];
    }
    this.#mft.preload(batch.map(({ record }) => record));
    yield* this.#shown(batch, damaged);
  }

  /** By any of its names; the entry has the one that Windows lists. */
  lookup(name: string, upcase: Upcase): DirectoryEntry | undefined {
    const entry = findEntry(new DirectoryIndex(this.#volume, this.#file, false), name, upcase);
    if (entry?.name === undefined || problemOf(entry.name) !== undefined) return undefined;
    const raw = this.#mft.staleness(entry);
    if (raw !== undefined) throw this.#stale(entry, raw);
    const long = entry.namespace === DOS ? this.#longName(entry) : undefined;
    return { name: long ?? entry.name, id: entry.record, kind: kindOf(entry) };
  }

  *#shown(batch: readonly IndexEntry[], damaged: Damaged): Generator<DirectoryEntry> {
    let named: Set<number> | undefined;
    for (const entry of batch) {
      const { name, record } = entry;
      if (name === undefined) continue;
      if (entry.namespace === DOS) {
        named ??= new Set(batch.flatMap((other) => (other.namespace === DOS ? [] : [other.record])));
        if (named.has(record) || this.#longName(entry) !== undefined) continue;
      }
      const stale = this.#mft.staleness(entry);
      const problem = stale ?? problemOf(name);
      if (stale !== undefined) damaged(this.#stale(entry, stale));
      else if (problem !== undefined) damaged(this.#broken(entry, problem));
      else yield { name, id: record, kind: kindOf(entry) };
    }
  }

  #isOwn({ record }: IndexEntry): boolean {
    return this.#file.record.number === RECORD.root && record < FIRST_USER_RECORD;
  }

  /** The name that a DOS name is the alias of: in this directory, by the file's own record. */
  #longName(reference: IndexEntry): string | undefined {
    try {
      const file = openFile(this.#volume, this.#mft, reference.record);
      if (isStale(reference, file.record.sequence)) return undefined;
      for (const attribute of file.attributes) {
        const found = attribute.type === ATTRIBUTE.fileName ? fileNameOf(attribute) : undefined;
        if (found !== undefined && found.namespace !== DOS && found.parent === this.#file.record.number) return found.name;
      }
      return undefined;
    } catch (error) {
      // The alias is then all that is known of the file, and opening it tells why.
      if (error instanceof NomountError) return undefined;
      throw error;
    }
  }

  #stale(entry: IndexEntry, problem: string): NomountError {
    return this.#broken(entry, `record ${entry.record} ${problem}`);
  }

  #broken({ name }: IndexEntry, problem: string): NomountError {
    const where = this.#mft.where(this.#file.record.number);
    return new NomountError("corrupt", `ntfs: ${this.#file.title}: entry ${JSON.stringify(name ?? "")}: ${problem}`, {
      where,
    });
  }
}

/** Windows makes no such names, and a path could not hold them. */
function problemOf(name: string): string | undefined {
  if (name === "" || name === "." || name === ".." || name.includes("/") || name.includes("\0"))
    return "no file can have this name";
  return undefined;
}

/** As far as the entry tells: links and the files of Interix look like any other here. */
function kindOf({ flags }: IndexEntry): NodeKind | undefined {
  if ((flags & (FLAG.reparse | FLAG.system)) !== 0) return undefined;
  return (flags & IS_DIRECTORY) !== 0 ? "directory" : "file";
}
