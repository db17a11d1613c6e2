import { nameFromBytes, nameFromUtf16le } from "../../bytes/names.ts";
import { hex } from "../../error.ts";
import type { NodeKind } from "../node.ts";
import { linkReparse, reparseHeader } from "./layout.ts";

/** What a reparse point makes of its file. */
export interface Reparse {
  readonly tag: number;
  /** As messages name the tag: "WOF (system compression)", "0x80000019". */
  readonly title: string;
  /** Undefined: that of the record. */
  readonly kind: NodeKind | undefined;
  /** Of a link: what Windows shows. */
  readonly target: string | undefined;
  /** Why the content is not to be had from the volume as it lies there. */
  readonly refusal: string | undefined;
}

/** Windows allows 16 KiB. */
export const MAX_REPARSE_BYTES = 64 * 1024;

const MOUNT_POINT = 0xa0000003;
const SYMLINK = 0xa000000c;
const LX_SYMLINK = 0xa000001d;
const SYMLINK_FLAGS_BYTES = 4;
/** The bit of a tag that says: this file stands for another. */
const NAME_SURROGATE = 0x20000000;
/** Cloud files: the fourth hexadecimal digit tells the provider. */
const CLOUD = 0x9000001a;
const CLOUD_MASK = 0xffff0fff;

/** Kinds that the Windows Subsystem for Linux makes ([MS-FSCC] 2.1.2.1). */
const LINUX_KINDS = new Map<number, NodeKind>([
  [0x80000023, "socket"],
  [0x80000024, "fifo"],
  [0x80000025, "char"],
  [0x80000026, "block"],
]);

const REFUSALS = new Map<number, { title: string; refusal: string }>([
  [
    0x80000013,
    { title: "DEDUP", refusal: "is deduplicated: its data lies in the chunk store under System Volume Information" },
  ],
  [0x80000017, { title: "WOF", refusal: "is compressed by the system (WOF): its data lies in the stream WofCompressedData" }],
]);

/** Tag and, of links, target. A value that is too short for its tag has no target; nothing throws. */
export function parseReparse(value: Uint8Array, isDirectory: boolean): Reparse {
  if (value.length < 4)
    return { tag: 0, title: "cut short", kind: "other", target: undefined, refusal: "has a reparse point that is cut short" };
  const tag = new DataView(value.buffer, value.byteOffset).getUint32(0, true);
  const data = value.subarray(reparseHeader.sizeBytes);
  const plain = { tag, title: hex(tag, 8), target: undefined, refusal: undefined };
  switch (tag) {
    case MOUNT_POINT:
      return { ...plain, kind: "symlink", target: windowsTarget(data, 0) };
    case SYMLINK:
      return { ...plain, kind: "symlink", target: windowsTarget(data, SYMLINK_FLAGS_BYTES) };
    case LX_SYMLINK:
      // A version of four bytes, then UTF-8.
      return { ...plain, kind: "symlink", target: data.length > 4 ? nameFromBytes(data.subarray(4)) : undefined };
  }
  const kind = LINUX_KINDS.get(tag);
  if (kind !== undefined) return { ...plain, kind };
  const known = REFUSALS.get(tag);
  if (known !== undefined) return { ...plain, ...known, kind: undefined };
  if ((tag & CLOUD_MASK) >>> 0 === CLOUD) return { ...plain, title: "cloud file", kind: undefined };
  // A directory that stands for no other has its names itself: what is known of the tag matters little.
  if (isDirectory && (tag & NAME_SURROGATE) === 0) return { ...plain, kind: undefined };
  return { ...plain, kind: "other", refusal: `is a reparse point of the unknown tag ${hex(tag, 8)}` };
}

/** The print name; where there is none the substitute name without the prefix by which the kernel knows it. */
function windowsTarget(data: Uint8Array, extraBytes: number): string | undefined {
  if (data.length < linkReparse.sizeBytes + extraBytes) return undefined;
  const link = linkReparse.view(data);
  const names = data.subarray(linkReparse.sizeBytes + extraBytes);
  const name = (offset: number, bytes: number) => nameFromUtf16le(names.subarray(offset, offset + bytes));
  const shown = name(link.printOffset, link.printBytes);
  if (shown !== "") return shown;
  const substitute = name(link.substituteOffset, link.substituteBytes);
  return substitute === "" ? undefined : substitute.replace(/^\\\?\?\\(UNC\\)?/, (_, unc) => (unc === undefined ? "" : "\\\\"));
}
