import type { NomountError, Warn } from "../error.ts";
import type { BlockSource } from "../source/block-source.ts";

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
  /** What else the table says of it, in words of the format: GPT attribute bits by name. */
  readonly flags: readonly string[];
  /** An extended partition and its like: shown, but its bytes are the table's own and are not searched for content. */
  readonly container: boolean;
  /** A part of other volumes, which the system shows under no name of its own: listed only where all is asked for. */
  readonly hidden?: boolean;
  /** How many legs a mirror has, each with all of its content. */
  readonly legCount?: number | undefined;
  /** The name, within the table, of the volume whose earlier state this is. */
  readonly snapshotOf?: string | undefined;
  /** What else there is to tell, on demand since it may take reading: layout, stripes, origin, fill. */
  readonly details?: () => readonly Detail[];
}

/** A fact in words: { name: "chunk size", value: "65536 bytes" }. A name may come more than once. */
export interface Detail {
  readonly name: string;
  readonly value: string;
}

/** A partition table or volume group, opened. */
export interface VolumeTable {
  readonly scheme: "gpt" | "mbr" | "md" | "lvm2";
  readonly label: string;
  readonly uuid: string | undefined;
  readonly sectorBytes: number | undefined;
  /** What it was opened from, as given to `open`: one source, or the physical volumes of a volume group. */
  readonly sources: readonly BlockSource[];
  /**
   * Whether the source says at its beginning that it is divided so. False where only a leftover does (a GPT by its backup
   * header alone): then a filesystem at the same place is more likely what the source is now.
   */
  readonly certain: boolean;
  /** What is odd about it, in words: "hybrid MBR: ...". */
  readonly notes: readonly string[];
  /** In the order of their numbers. */
  readonly volumes: readonly Volume[];
  /** Physical volumes that were not found, each with what to do; absent where there are all. They may yet lie elsewhere. */
  readonly missing?: readonly NomountError[];
  readonly details?: () => readonly Detail[];
  /** Earlier descriptions of the table that are still to be found, and the current one, oldest first. */
  readonly history?: () => readonly TableVersion[];
}

/** One state of a table: LVM2 keeps a ring of them. */
export interface TableVersion {
  readonly seqno: number;
  /** Seconds since 1970. */
  readonly writtenAt: number | undefined;
  /** What was done: "Write from lvremove vg0/old.". */
  readonly description: string | undefined;
  /** Names of the volumes that it had, hidden ones left out. */
  readonly volumes: readonly string[];
}

/** Recognises and opens one scheme of dividing a source into volumes. */
export interface VolumeDriver {
  readonly scheme: VolumeTable["scheme"];
  /** Whether several sources can make one table: then all that it claims are opened together. */
  readonly joins: boolean;
  /**
   * What seems to be at the beginning of its sources is, if anything, content of what they make together: the superblock of a mirror
   * lies at the end, and a filesystem begins on each of its legs.
   */
  readonly ownsContent?: boolean;
  /** Cheap, pure, bounded. Wrong content is `false`; an I/O error passes through. */
  probe(source: BlockSource, options: VolumeOptions): boolean;
  /** LVM2 takes every physical volume at once; a partition table takes one source. */
  open(sources: readonly BlockSource[], options: VolumeOptions, warn: Warn): readonly VolumeTable[];
}

export interface VolumeOptions {
  /** Of the disk; undefined: let the tables tell. */
  readonly sectorBytes: number | undefined;
  /**
   * LVM2: open a volume group, given by name or UUID, or every group that has such a text, as the metadata text of this seqno
   * describes it, while a ring still holds it.
   */
  readonly atSeqno?: { readonly seqno: number; readonly group: string | undefined } | undefined;
  /** Mirrors, by the names of their volumes, to be read from one leg alone, whatever is known against it; legs count from 0. */
  readonly legs?: ReadonlyMap<string, number> | undefined;
  /** Where a source lies: tells copies of one physical volume apart. */
  readonly around?: ((source: BlockSource) => Surroundings | undefined) | undefined;
}

/** What a source lies in. */
export interface Surroundings {
  /** The disk or image. */
  readonly root: BlockSource;
  /** Down to the source's own volume, outermost first. */
  readonly volumes: readonly Volume[];
}
