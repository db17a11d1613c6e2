import type { Node, NodeKind } from "../node.ts";
import { inodeExtraLayout, inodeLayout } from "./layout.ts";

/** Inode flags (Linux, Documentation/filesystems/ext4/inodes.rst, "i_flags") that change how an inode is read. */
export const FLAG = {
  index: 0x1000,
  hugeFile: 0x4_0000,
  encrypted: 0x800,
  extents: 0x8_0000,
  /** It holds the value of an extended attribute of others. */
  xattrValue: 0x20_0000,
  inlineData: 0x1000_0000,
  casefold: 0x4000_0000,
} as const;

/** All flags by the names under which chattr(1) explains them. */
const flagNames: readonly (readonly [bit: number, name: string])[] = [
  [0x1, "secure-deletion"],
  [0x2, "undeletable"],
  [0x4, "compressed"],
  [0x8, "synchronous"],
  [0x10, "immutable"],
  [0x20, "append"],
  [0x40, "no-dump"],
  [0x80, "no-atime"],
  [0x800, "encrypted"],
  [0x1000, "indexed"],
  [0x4000, "data-journalling"],
  [0x8000, "no-tail-merging"],
  [0x1_0000, "synchronous-directory"],
  [0x2_0000, "top-directory"],
  [0x4_0000, "huge-file"],
  [0x8_0000, "extents"],
  [0x10_0000, "verity"],
  [0x20_0000, "ea-inode"],
  [0x200_0000, "dax"],
  [0x1000_0000, "inline-data"],
  [0x2000_0000, "project-hierarchy"],
  [0x4000_0000, "casefold"],
];

/** What only this driver needs of an inode. */
export interface InodeBody {
  readonly flagBits: number;
  /** The 60 bytes that hold the mapping, a short symlink's target, or the head of inline data. */
  readonly block: Uint8Array;
  /** Allocated space in units of 512 bytes, or of blocks with the flag huge-file. */
  readonly spaceUnits: number;
  readonly hasXattrBlock: boolean;
}

/** What of the superblock decides how inodes are to be read. */
export interface InodeForm {
  readonly inodeBytes: number;
  /** Whether sizes of directories have their upper half: with large_dir. */
  readonly largeDirectories: boolean;
}

/** By the upper four bits of the mode; all others are "other". */
const kinds: readonly (NodeKind | undefined)[] = Object.assign(new Array<NodeKind | undefined>(16), {
  1: "fifo",
  2: "char",
  4: "directory",
  6: "block",
  8: "file",
  10: "symlink",
  12: "socket",
});

const at = {
  mode: inodeLayout.offsetOf("mode"),
  uidLow: inodeLayout.offsetOf("uidLow"),
  uidHigh: inodeLayout.offsetOf("uidHigh"),
  gidLow: inodeLayout.offsetOf("gidLow"),
  gidHigh: inodeLayout.offsetOf("gidHigh"),
  sizeLow: inodeLayout.offsetOf("sizeLow"),
  sizeHigh: inodeLayout.offsetOf("sizeHigh"),
  linkCount: inodeLayout.offsetOf("linkCount"),
  blockCountLow: inodeLayout.offsetOf("blockCountLow"),
  blockCountHigh: inodeLayout.offsetOf("blockCountHigh"),
  xattrBlockLow: inodeLayout.offsetOf("xattrBlockLow"),
  xattrBlockHigh: inodeLayout.offsetOf("xattrBlockHigh"),
  flags: inodeLayout.offsetOf("flags"),
  block: inodeLayout.offsetOf("block"),
  extraBytes: extraOffset("extraBytes"),
};
const BLOCK_BYTES = 60;

/** Where a time lies, and the field that extends it. */
interface TimePlace {
  readonly base: number;
  readonly extra: number;
}
const timeAt = {
  accessed: { base: inodeLayout.offsetOf("accessedAt"), extra: extraOffset("accessedAtExtra") },
  changed: { base: inodeLayout.offsetOf("changedAt"), extra: extraOffset("changedAtExtra") },
  modified: { base: inodeLayout.offsetOf("modifiedAt"), extra: extraOffset("modifiedAtExtra") },
  created: { base: extraOffset("createdAt"), extra: extraOffset("createdAtExtra") },
} as const satisfies Record<string, TimePlace>;

function extraOffset(field: Parameters<typeof inodeExtraLayout.offsetOf>[0]): number {
  return inodeLayout.sizeBytes + inodeExtraLayout.offsetOf(field);
}

/** Reads the raw inode at `offset`. Its size, unless given, may be above 2^53 - 1, which is for the caller to refuse. */
export function parseNode(id: number, view: DataView, offset: number, form: InodeForm, sizeBytes?: number): Node {
  return new InodeNode(id, view, offset, form, sizeBytes);
}

/**
 * An inode as a node. Whole trees are listed and copied, so what few ask for is made when it is asked for: times are kept as
 * the two 32-bit fields that they are on disk, since a bigint costs more than all the rest of the inode.
 */
class InodeNode implements Node {
  declare readonly id: number;
  declare readonly kind: NodeKind;
  declare readonly sizeBytes: number;
  declare readonly mode: number;
  declare readonly uid: number;
  declare readonly gid: number;
  declare readonly linkCount: number;
  declare readonly device: Node["device"];
  readonly #flagBits: number;
  readonly #modified: number;
  readonly #modifiedExtra: number;
  readonly #changed: number;
  readonly #changedExtra: number;
  readonly #accessed: number;
  readonly #accessedExtra: number;
  readonly #created: number | undefined;
  readonly #createdExtra: number;

  constructor(id: number, view: DataView, offset: number, form: InodeForm, sizeBytes: number | undefined) {
    const modeBits = view.getUint16(offset + at.mode, true);
    const kind = kinds[modeBits >> 12] ?? "other";
    const endBytes = offset + knownBytes(view, offset, form);
    this.id = id;
    this.kind = kind;
    this.sizeBytes = sizeBytes ?? sizeOf(view, offset, kind, form);
    this.mode = modeBits & 0o7777;
    this.uid = view.getUint16(offset + at.uidLow, true) + view.getUint16(offset + at.uidHigh, true) * 2 ** 16;
    this.gid = view.getUint16(offset + at.gidLow, true) + view.getUint16(offset + at.gidHigh, true) * 2 ** 16;
    this.linkCount = view.getUint16(offset + at.linkCount, true);
    this.device = kind === "char" || kind === "block" ? deviceOf(view, offset + at.block) : undefined;
    this.#flagBits = view.getInt32(offset + at.flags, true);
    this.#modified = view.getInt32(offset + timeAt.modified.base, true);
    this.#modifiedExtra = extraOf(view, offset, timeAt.modified, endBytes);
    this.#changed = view.getInt32(offset + timeAt.changed.base, true);
    this.#changedExtra = extraOf(view, offset, timeAt.changed, endBytes);
    this.#accessed = view.getInt32(offset + timeAt.accessed.base, true);
    this.#accessedExtra = extraOf(view, offset, timeAt.accessed, endBytes);
    const { base } = timeAt.created;
    this.#created = offset + base + 4 <= endBytes ? view.getInt32(offset + base, true) : undefined;
    this.#createdExtra = extraOf(view, offset, timeAt.created, endBytes);
  }

  get flags(): readonly string[] {
    return namesOfFlags(this.#flagBits >>> 0);
  }

  get modifiedSeconds(): number {
    return secondsOf(this.#modified, this.#modifiedExtra);
  }

  get modifiedNs(): bigint {
    return nanosecondsOf(this.#modified, this.#modifiedExtra);
  }

  get changedNs(): bigint {
    return nanosecondsOf(this.#changed, this.#changedExtra);
  }

  get accessedNs(): bigint {
    return nanosecondsOf(this.#accessed, this.#accessedExtra);
  }

  get createdNs(): bigint | undefined {
    return this.#created === undefined ? undefined : nanosecondsOf(this.#created, this.#createdExtra);
  }
}

export function flagBitsOf(view: DataView, offset: number): number {
  return view.getUint32(offset + at.flags, true);
}

/** `block` of the result is a window on the bytes. */
export function parseBody(bytes: Uint8Array): InodeBody {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    flagBits: flagBitsOf(view, 0),
    block: bytes.subarray(at.block, at.block + BLOCK_BYTES),
    spaceUnits: view.getUint16(at.blockCountHigh, true) * 2 ** 32 + view.getUint32(at.blockCountLow, true),
    hasXattrBlock: view.getUint32(at.xattrBlockLow, true) !== 0 || view.getUint16(at.xattrBlockHigh, true) !== 0,
  };
}

function sizeOf(view: DataView, offset: number, kind: NodeKind, form: InodeForm): number {
  if (kind !== "file" && kind !== "directory" && kind !== "symlink") return 0;
  const low = view.getUint32(offset + at.sizeLow, true);
  return kind === "directory" && !form.largeDirectories ? low : view.getUint32(offset + at.sizeHigh, true) * 2 ** 32 + low;
}

/** How far the fields go that the inode's writer knew. */
function knownBytes(view: DataView, offset: number, form: InodeForm): number {
  if (form.inodeBytes <= inodeLayout.sizeBytes) return inodeLayout.sizeBytes;
  return Math.min(form.inodeBytes, inodeLayout.sizeBytes + view.getUint16(offset + at.extraBytes, true));
}

/** The field that extends a time, 0 where its writer did not know it. */
function extraOf(view: DataView, offset: number, { extra }: TimePlace, endBytes: number): number {
  return offset + extra + 4 <= endBytes ? view.getInt32(offset + extra, true) : 0;
}

/** The lower two bits of the extra field extend the signed seconds upwards, to 2446. */
function secondsOf(base: number, extra: number): number {
  return base + (extra & 3) * 2 ** 32;
}

/** The upper thirty are the nanoseconds after that second. */
function nanosecondsOf(base: number, extra: number): bigint {
  return BigInt(secondsOf(base, extra)) * 1_000_000_000n + BigInt(extra >>> 2);
}

/** Small numbers lie in the first word as 8 + 8 bits; others in the second one, as the kernel's new_decode_dev has them. */
function deviceOf(view: DataView, offset: number): { major: number; minor: number } {
  const old = view.getUint32(offset, true);
  if (old !== 0) return { major: (old >>> 8) & 0xff, minor: old & 0xff };
  const number = view.getUint32(offset + 4, true);
  return { major: (number & 0xf_ff00) >>> 8, minor: (number & 0xff) | ((number >>> 12) & 0xf_ff00) };
}

const knownFlags = new Map<number, readonly string[]>();

/** Few combinations occur, most of them very often. */
function namesOfFlags(bits: number): readonly string[] {
  let names = knownFlags.get(bits);
  if (names === undefined) {
    names = flagNames.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
    if (knownFlags.size < 1024) knownFlags.set(bits, names);
  }
  return names;
}
