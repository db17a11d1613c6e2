import type { ErrorKind } from "../../error.ts";
import type { Node, NodeKind, Xattr } from "../../filesystem/node.ts";
import type { BlockSource, Extent } from "../../source/block-source.ts";
import { type CodecName, codecs } from "../../source/codec/codecs.ts";
import type { SlotReader, SlotWriter } from "./slots.ts";
import type { Time } from "./time.ts";

/** What of a file is set after it has been made. */
export interface Metadata {
  readonly kind: NodeKind;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly modified: Time | undefined;
  readonly accessed: Time | undefined;
  readonly xattrs: readonly { readonly name: Uint8Array; readonly value: Uint8Array }[];
}

/** A piece of work on the destination as plain data, so that any thread can do it. Paths are absolute. */
export type Job =
  /** Creates a regular file with all of its content. The extents are resolved. */
  | {
      readonly kind: "file";
      readonly path: Buffer;
      readonly metadata: Metadata;
      readonly sizeBytes: number;
      readonly extents: readonly Extent[];
    }
  /** Writes a part of a file that is open. */
  | {
      readonly kind: "part";
      readonly path: Buffer;
      readonly fd: number;
      readonly offsetBytes: number;
      readonly extents: readonly Extent[];
    }
  | { readonly kind: "symlink"; readonly path: Buffer; readonly metadata: Metadata; readonly target: Buffer }
  | { readonly kind: "hard link"; readonly path: Buffer; readonly existing: Buffer }
  /** A fifo, socket or device, as the metadata's kind says. */
  | {
      readonly kind: "special";
      readonly path: Buffer;
      readonly metadata: Metadata;
      readonly device: { readonly major: number; readonly minor: number } | undefined;
    }
  /** Sets what had to wait until the directory was filled. */
  | { readonly kind: "directory"; readonly path: Buffer; readonly metadata: Metadata };

export const JOB_KINDS = ["file", "part", "symlink", "hard link", "special", "directory"] as const;

const NODE_KINDS = ["file", "directory", "symlink", "fifo", "socket", "char", "block", "other"] as const;
const EXTENT_KINDS = ["data", "hole", "inline", "packed", "missing"] as const;
const ERROR_KINDS: readonly ErrorKind[] = ["corrupt", "unsupported", "source", "path", "sink", "usage"];
const CODEC_NAMES = Object.keys(codecs) as CodecName[];

/** Roots by number: what a thread knows of a source. */
export interface RootNumbers {
  numberOf(source: BlockSource): number;
}

export function writeMetadata(slots: SlotWriter, node: Node, xattrs: readonly Xattr[], mode: number | undefined): void {
  slots.number(NODE_KINDS.indexOf(node.kind));
  slots.number(mode);
  slots.number(node.uid);
  slots.number(node.gid);
  slots.time(node.modifiedNs);
  slots.time(node.accessedNs);
  slots.number(xattrs.length);
  for (const { name, value } of xattrs) {
    slots.name(NO_PREFIX, name);
    slots.bytes(value);
  }
}

export function writeExtents(slots: SlotWriter, extents: readonly Extent[], roots: RootNumbers): void {
  slots.number(extents.length);
  for (const extent of extents) {
    slots.number(EXTENT_KINDS.indexOf(extent.kind));
    slots.number(extent.lengthBytes);
    if (extent.kind === "data") {
      slots.number(roots.numberOf(extent.source));
      slots.number(extent.offsetBytes);
    } else if (extent.kind === "inline") {
      slots.bytes(extent.bytes);
    } else if (extent.kind === "packed") {
      slots.number(extent.skipBytes);
      slots.number(extent.unitBytes);
      slots.number(CODEC_NAMES.indexOf(extent.codec));
      writeExtents(slots, extent.parts, roots);
    } else if (extent.kind === "missing") {
      slots.number(ERROR_KINDS.indexOf(extent.fault.kind));
      slots.name(NO_PREFIX, extent.fault.message);
    }
  }
}

export function readJob(slots: SlotReader, roots: readonly BlockSource[]): Job {
  const kind = named(JOB_KINDS, slots.number());
  const path = slots.bytes();
  switch (kind) {
    case "file":
      return { kind, path, metadata: readMetadata(slots), sizeBytes: slots.number(), extents: readExtents(slots, roots) };
    case "part":
      return { kind, path, fd: slots.number(), offsetBytes: slots.number(), extents: readExtents(slots, roots) };
    case "symlink":
      return { kind, path, metadata: readMetadata(slots), target: slots.bytes() };
    case "hard link":
      return { kind, path, existing: slots.bytes() };
    case "special": {
      const metadata = readMetadata(slots);
      const [major, minor] = [slots.optionalNumber(), slots.optionalNumber()];
      return { kind, path, metadata, device: major === undefined || minor === undefined ? undefined : { major, minor } };
    }
    case "directory":
      return { kind, path, metadata: readMetadata(slots) };
  }
}

const NO_PREFIX = new Uint8Array();

function readMetadata(slots: SlotReader): Metadata {
  return {
    kind: named(NODE_KINDS, slots.number()),
    mode: slots.optionalNumber(),
    uid: slots.optionalNumber(),
    gid: slots.optionalNumber(),
    modified: slots.time(),
    accessed: slots.time(),
    xattrs: repeated(slots.number(), () => ({ name: slots.bytes(), value: slots.bytes() })),
  };
}

function readExtents(slots: SlotReader, roots: readonly BlockSource[]): readonly Extent[] {
  return repeated(slots.number(), () => readExtent(slots, roots));
}

function readExtent(slots: SlotReader, roots: readonly BlockSource[]): Extent {
  const kind = named(EXTENT_KINDS, slots.number());
  const lengthBytes = slots.number();
  switch (kind) {
    case "data":
      return { kind, lengthBytes, source: named(roots, slots.number()), offsetBytes: slots.number() };
    case "hole":
      return { kind, lengthBytes };
    case "inline":
      return { kind, lengthBytes, bytes: slots.bytes() };
    case "packed": {
      const [skipBytes, unitBytes] = [slots.number(), slots.number()];
      const codec = named(CODEC_NAMES, slots.number());
      return { kind, lengthBytes, skipBytes, unitBytes, codec, parts: readExtents(slots, roots) };
    }
    case "missing":
      return {
        kind,
        lengthBytes,
        fault: { kind: named(ERROR_KINDS, slots.number()), message: slots.bytes().toString("utf8") },
      };
  }
}

function repeated<T>(count: number, read: () => T): readonly T[] {
  const all: T[] = [];
  for (let i = 0; i < count; i++) all.push(read());
  return all;
}

function named<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new RangeError(`slot ${index} names none of ${values.length}`);
  return value;
}
