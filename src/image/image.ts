import type { NomountError } from "../error.ts";
import type { FileSystem } from "../filesystem/file-system.ts";
import type { BlockSource } from "../source/block-source.ts";
import type { Volume, VolumeTable } from "../volume/volume.ts";

/** What a source was found to hold. */
export type Content =
  | { readonly kind: "filesystem"; readonly open: () => FileSystem; readonly type: string }
  | { readonly kind: "volumes"; readonly table: VolumeTable; readonly places: readonly Place[] }
  /** Known by its signature, not read: swap, LUKS, XFS ... */
  | {
      readonly kind: "recognised";
      readonly format: string;
      readonly label: string | undefined;
      readonly uuid: string | undefined;
    }
  /** A structure that announces itself but cannot be opened. */
  | { readonly kind: "damaged"; readonly error: NomountError }
  | { readonly kind: "unknown" };

/** One place in the nest: the image itself, or a volume at any depth. */
export interface Place {
  /** The chain of names from the image: "" for the image itself, "p1", "p2/vg_guest/root". */
  readonly address: string;
  readonly source: BlockSource;
  /** How the table above describes it; undefined for the image itself. */
  readonly volume: Volume | undefined;
  readonly content: Content;
}
