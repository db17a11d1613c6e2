import { nameToBytes } from "../../bytes/names.ts";
import type { BlockSource, Extent } from "../../source/block-source.ts";
import type { Entry } from "../sink.ts";
import { JOB_KINDS, type Job, type Metadata, readJob, writeExtents, writeMetadata } from "./job.ts";
import { SlotReader, type Slots, SlotWriter } from "./slots.ts";
import { timeOf } from "./time.ts";

/** Jobs that are done together, in a form that crosses to another thread without a copy. */
export class Batch {
  /** The sources that extents name by number. */
  readonly roots: BlockSource[] = [];
  readonly #prefix: Uint8Array;
  readonly #slots = new SlotWriter();
  #jobs = 0;

  /** `prefix`: what makes the path of an entry absolute. */
  constructor(prefix: Uint8Array) {
    this.#prefix = prefix;
  }

  get jobs(): number {
    return this.#jobs;
  }

  /** Of the plan itself, not of the files. */
  get sizeBytes(): number {
    return this.#slots.sizeBytes;
  }

  file(entry: Entry, extents: readonly Extent[]): void {
    this.#begin("file", entry.path);
    writeMetadata(this.#slots, entry.node, entry.xattrs, entry.node.mode);
    this.#slots.number(entry.node.sizeBytes);
    writeExtents(this.#slots, extents, this);
  }

  part(path: string, fd: number, offsetBytes: number, extents: readonly Extent[]): void {
    this.#begin("part", path);
    this.#slots.number(fd);
    this.#slots.number(offsetBytes);
    writeExtents(this.#slots, extents, this);
  }

  symlink(entry: Entry, target: string): void {
    this.#begin("symlink", entry.path);
    writeMetadata(this.#slots, entry.node, entry.xattrs, entry.node.mode);
    this.#slots.name(NO_PREFIX, target);
  }

  hardLink(path: string, existing: string): void {
    this.#begin("hard link", path);
    this.#slots.name(this.#prefix, existing);
  }

  special(entry: Entry): void {
    this.#begin("special", entry.path);
    writeMetadata(this.#slots, entry.node, entry.xattrs, entry.node.mode);
    this.#slots.number(entry.node.device?.major);
    this.#slots.number(entry.node.device?.minor);
  }

  directory(entry: Entry, defaultMode: number): void {
    this.#begin("directory", entry.path);
    writeMetadata(this.#slots, entry.node, entry.xattrs, entry.node.mode ?? defaultMode);
  }

  numberOf(source: BlockSource): number {
    const known = this.roots.indexOf(source);
    return known >= 0 ? known : this.roots.push(source) - 1;
  }

  /** What was put in; the batch is of no more use. */
  finish(): Slots {
    return this.#slots.finish();
  }

  #begin(kind: Job["kind"], path: string): void {
    this.#jobs += 1;
    this.#slots.number(JOB_KINDS.indexOf(kind));
    this.#slots.name(this.#prefix, path);
  }
}

export type Order = "as given" | "reversed";

/** The jobs of a batch, in the thread that does them. */
export function jobsOf(slots: Slots, count: number, order: Order, roots: readonly BlockSource[]): Job[] {
  const reader = new SlotReader(slots);
  const jobs = Array.from({ length: count }, () => readJob(reader, roots));
  return order === "reversed" ? jobs.reverse() : jobs;
}

export function metadataOf({ node, xattrs }: Entry): Metadata {
  const { kind, mode, uid, gid, modifiedNs, accessedNs } = node;
  return {
    kind,
    mode,
    uid,
    gid,
    modified: modifiedNs === undefined ? undefined : timeOf(modifiedNs),
    accessed: accessedNs === undefined ? undefined : timeOf(accessedNs),
    xattrs: xattrs.map(({ name, value }) => ({ name: nameToBytes(name), value })),
  };
}

const NO_PREFIX = new Uint8Array();
