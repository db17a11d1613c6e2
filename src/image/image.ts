import type { NomountError, Warn } from "../error.ts";
import type { FileSystem, FileSystemDriver, OpenOptions } from "../filesystem/file-system.ts";
import type { Node } from "../filesystem/node.ts";
import type { BlockSource } from "../source/block-source.ts";
import type { Volume, VolumeDriver, VolumeOptions, VolumeTable } from "../volume/volume.ts";

/** What a source was found to hold. */
export type Content =
  /** `open` opens it once and gives the same one again; the image closes it. */
  | {
      readonly kind: "filesystem";
      /** As far as its signature tells: "ext4", "ntfs". */
      readonly type: string;
      readonly label: string | undefined;
      readonly uuid: string | undefined;
      readonly open: () => FileSystem;
    }
  | { readonly kind: "volumes"; readonly table: VolumeTable; readonly places: readonly Place[] }
  /** A further physical volume of a volume group that is shown in another place. */
  | { readonly kind: "member"; readonly table: VolumeTable; readonly of: Place }
  /** Known by its signature, not read: swap, LUKS, XFS, a qcow2 image ... */
  | {
      readonly kind: "recognised";
      readonly format: string;
      readonly label: string | undefined;
      readonly uuid: string | undefined;
      /** What to do about it, where there is something to do. */
      readonly advice: string | undefined;
    }
  /** A structure that announces itself but cannot be opened. */
  | { readonly kind: "damaged"; readonly error: NomountError }
  | { readonly kind: "unknown" };

/** One place in the nest: the image itself, or a volume at any depth. */
export interface Place {
  /** The chain of names from the image: "" for the image itself, "p1", "p2/vg_guest/root", "@32256". */
  readonly address: string;
  readonly source: BlockSource;
  /** How the table above describes it; undefined for the image itself and for what was named by its offset. */
  readonly volume: Volume | undefined;
  readonly content: Content;
}

/** A file, or a volume's root, found by its address. */
export interface Location {
  readonly place: Place;
  readonly fileSystem: FileSystem;
  /** From the root of the filesystem, "/" at the front, names in the form of `bytes/names.ts`; links on the way are resolved. */
  readonly path: string;
  readonly node: Node;
  /** The named stream that was asked for. */
  readonly stream: string | undefined;
}

export interface LocateOptions {
  /** Take what follows a further ":" for the name of a stream, where no file has the whole for its name. */
  readonly streams?: boolean;
  /** Follow symbolic links inside the path, within the guest's root. Default true. */
  readonly followMiddle?: boolean;
  /** Follow the last one too. Default false. */
  readonly followFinal?: boolean;
}

export interface ImageOptions {
  /** In the order in which they are tried: `src/volume/drivers.ts`. */
  readonly volumeDrivers: readonly VolumeDriver[];
  readonly fileSystemDrivers: readonly FileSystemDriver[];
  /** Sector size of the disks given, 512 or 4096; undefined: let the device or the tables tell. */
  readonly sectorBytes?: number | undefined;
  /** Open a volume group as an earlier metadata text describes it. */
  readonly atSeqno?: VolumeOptions["atSeqno"];
  /** Mirrors to be read from one leg alone, by the names of their volumes ("vg0/root", "md0"); legs count from 0. */
  readonly legs?: VolumeOptions["legs"];
  /** Whether journals are replayed in memory, and where an external one is; it is closed with the image. */
  readonly recovery?: OpenOptions | undefined;
  readonly warn?: Warn | undefined;
}

/** Disks or disk images with everything that was found in them. */
export interface Image {
  readonly label: string;
  /** One for each source, in the order given; with several, their addresses are "disk1", "disk2" ... */
  readonly roots: readonly Place[];
  /** Every place, each before those inside it. */
  places(): Iterable<Place>;
  /** The place that an address names ("" or a chain, an unambiguous suffix of one, "@BYTES", "@SECTORSs"). Throws `path`. */
  place(address: string): Place;
  /** A file by its whole address, as `address.ts` describes it. Throws `path`, or why its filesystem cannot be read. */
  locate(address: string, options?: LocateOptions): Location;
  /** Closes the filesystems that were opened, the images inside files, and the sources. */
  close(): void;
}
