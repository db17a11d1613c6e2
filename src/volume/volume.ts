import type { NomountError } from "../error.ts";
import type { BlockSource } from "../source/block-source.ts";

/** What a volume driver found on the way that the user should know: a damaged backup header, a partition past the end. */
export type Warn = (warning: NomountError) => void;

/** One volume of a partition table or a volume group: a source with a name. */
export interface Volume {
  /** Its part of an address: "p1"; "vg_guest/root". */
  readonly name: string;
  readonly source: BlockSource;
  /** Where it begins in the source that holds the table, when it lies there in one piece. */
  readonly startBytes: number | undefined;
  /** As the table calls its type: id "0x07" or a GUID, name "HPFS/NTFS/exFAT"; undefined where volumes have no type. */
  readonly type: { readonly id: string; readonly name: string } | undefined;
  readonly label: string | undefined;
  readonly uuid: string | undefined;
  readonly bootable: boolean;
  /** An extended partition and its like: shown, but its bytes are the table's own and are not searched for content. */
  readonly container: boolean;
}

/** A partition table or volume group, opened. */
export interface VolumeTable {
  readonly scheme: "gpt" | "mbr" | "lvm2";
  readonly label: string;
  readonly uuid: string | undefined;
  readonly sectorBytes: number | undefined;
  /** In the order of their numbers. */
  readonly volumes: readonly Volume[];
}

/** Recognises and opens one scheme of dividing a source into volumes. */
export interface VolumeDriver {
  readonly scheme: VolumeTable["scheme"];
  /** Cheap, pure, bounded. Wrong content is `false`; an I/O error passes through. */
  probe(source: BlockSource, options: VolumeOptions): boolean;
  /** LVM2 takes every physical volume at once; a partition table takes one source. */
  open(sources: readonly BlockSource[], options: VolumeOptions, warn: Warn): readonly VolumeTable[];
}

export interface VolumeOptions {
  /** Of the disk; undefined: let the tables tell. */
  readonly sectorBytes: number | undefined;
}
