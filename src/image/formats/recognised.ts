import type { Fields, Struct, View } from "../../bytes/layout.ts";
import { nameFromBytes } from "../../bytes/names.ts";
import type { BlockSource } from "../../source/block-source.ts";

/** What a source is by its own signature. */
export interface Recognised {
  /** As people name it: "ext4", "XFS", "LUKS2", "Linux swap". */
  readonly format: string;
  readonly label: string | undefined;
  /** As blkid prints it. */
  readonly uuid: string | undefined;
  /** As the structure itself says; undefined where it does not. */
  readonly sizeBytes: number | undefined;
  /** What to do to get at the content. */
  readonly advice: string | undefined;
  /** Only a part of something larger (a RAID): a filesystem that seems to begin here is not whole. */
  readonly part: boolean;
}

/** Looks for one format at the beginning of a source. Wrong content is undefined; an I/O error passes through. */
export type Recogniser = (source: BlockSource) => Recognised | undefined;

/** A finding with what is known of it; empty labels and UUIDs of zeros are left out. */
export function recognised(format: string, known: Partial<Omit<Recognised, "format">> = {}): Recognised {
  const { label, uuid, sizeBytes, advice, part } = known;
  return {
    format,
    label: label === "" ? undefined : label,
    uuid: uuid === undefined || /^[0-]*$/.test(uuid) ? undefined : uuid,
    sizeBytes,
    advice,
    part: part ?? false,
  };
}

/** The bytes at a place, or undefined where the source has no such place. */
export function bytesAt(source: BlockSource, offsetBytes: number, lengthBytes: number): Uint8Array | undefined {
  if (!(offsetBytes >= 0 && offsetBytes + lengthBytes <= source.sizeBytes)) return undefined;
  const bytes = new Uint8Array(lengthBytes);
  source.readSync(bytes, offsetBytes);
  return bytes;
}

/** A structure at a place, or undefined where the source has no such place. */
export function structAt<F extends Fields>(source: BlockSource, layout: Struct<F>, offsetBytes: number): View<F> | undefined {
  const bytes = bytesAt(source, offsetBytes, layout.sizeBytes);
  return bytes === undefined ? undefined : layout.view(bytes);
}

/** Text that ends at the first zero byte. */
export function textUntilZero(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return nameFromBytes(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Whether bytes are these characters, one byte each. */
export function isText(bytes: Uint8Array, text: string): boolean {
  return bytes.length === text.length && bytes.every((byte, i) => byte === text.charCodeAt(i));
}

/** A size as a number where it can be one; what is beyond any source is no size. */
export function sizeOf(units: bigint, unitBytes: number): number | undefined {
  const sizeBytes = units * BigInt(unitBytes);
  return sizeBytes > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(sizeBytes);
}

export function isPowerOfTwo(value: number, least: number, most: number): boolean {
  return value >= least && value <= most && (value & (value - 1)) === 0;
}
