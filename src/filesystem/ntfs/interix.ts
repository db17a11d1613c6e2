import { nameFromUtf16le } from "../../bytes/names.ts";
import type { Node, NodeKind } from "../node.ts";

/** What a file of Interix (Services for Unix; what ntfs-3g writes too) stands for. */
export interface Interix {
  readonly kind: NodeKind;
  readonly target: string | undefined;
  readonly device: Node["device"];
}

const SYMLINK = "IntxLNK\u0001";
const CHARACTER_DEVICE = "IntxCHR\0";
const BLOCK_DEVICE = "IntxBLK\0";
const MAGIC_BYTES = 8;
const DEVICE_BYTES = MAGIC_BYTES + 16;
/** Magic and a target of 4096 units, the longest that Linux knows. */
export const MAX_INTERIX_BYTES = MAGIC_BYTES + 2 * 4096;

/** From the content of a file that has the system attribute; undefined where it is just that. */
export function parseInterix(content: Uint8Array): Interix | undefined {
  if (content.length <= MAGIC_BYTES) return undefined;
  const magic = String.fromCharCode(...content.subarray(0, MAGIC_BYTES));
  if (magic === SYMLINK) return { kind: "symlink", target: nameFromUtf16le(content.subarray(MAGIC_BYTES)), device: undefined };
  if (content.length !== DEVICE_BYTES || (magic !== CHARACTER_DEVICE && magic !== BLOCK_DEVICE)) return undefined;
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const device = { major: view.getUint32(MAGIC_BYTES, true), minor: view.getUint32(MAGIC_BYTES + 8, true) };
  return { kind: magic === BLOCK_DEVICE ? "block" : "char", target: undefined, device };
}

/**
 * A fifo is an empty file, a socket one of a single byte. As those exist on any Windows, only a file counts that has the
 * system attribute and, but for the archive bit, no other.
 */
export function emptyInterix(sizeBytes: number): Interix | undefined {
  if (sizeBytes > 1) return undefined;
  return { kind: sizeBytes === 0 ? "fifo" : "socket", target: undefined, device: undefined };
}
