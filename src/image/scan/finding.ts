import type { BlockSource } from "../../source/block-source.ts";
import type { Recognised } from "../formats/recognised.ts";

/** A structure found by searching. */
export interface Finding {
  /** Where it, or the filesystem it belongs to, begins: `@${offsetBytes}` is its address. */
  readonly offsetBytes: number;
  /** "ext4", "NTFS", "LVM2 physical volume", "mbr", "gpt", "XFS" ... */
  readonly format: string;
  readonly label: string | undefined;
  readonly uuid: string | undefined;
  /** As the structure itself says; undefined where it does not. */
  readonly sizeBytes: number | undefined;
  /** What is odd: "found by its backup superblock at byte ...", "reaches past the end". */
  readonly notes: readonly string[];
}

/** Looks at one sector whose first bytes promise a structure. `atBytes`: where the sector lies in the source. */
export type Detector = (source: BlockSource, atBytes: number) => Finding | undefined;

export function finding(source: BlockSource, offsetBytes: number, known: Recognised, notes: readonly string[] = []): Finding {
  const { format, label, uuid, sizeBytes } = known;
  const lackBytes = sizeBytes === undefined ? 0 : offsetBytes + sizeBytes - source.sizeBytes;
  const all = lackBytes > 0 ? [...notes, `its last ${lackBytes} bytes lie beyond the end`] : notes;
  return { offsetBytes, format, label, uuid, sizeBytes, notes: all };
}
