import { damageOf, type NomountError } from "../error.ts";
import type { FileSystemDriver } from "../filesystem/file-system.ts";
import type { BlockSource } from "../source/block-source.ts";
import { CachedSource } from "../source/cached.ts";
import type { VolumeDriver } from "../volume/volume.ts";
import type { Recognised } from "./formats/recognised.ts";
import type { ImageOptions } from "./image.ts";
import { recognise } from "./recognise.ts";

/** Everything that a source could be by its signatures. */
export interface Claims {
  readonly volumeDrivers: readonly VolumeDriver[];
  readonly fileSystemDriver: FileSystemDriver | undefined;
  readonly recognised: readonly Recognised[];
  /** The first I/O error on the way: what could not be read may have been more. */
  readonly failure: NomountError | undefined;
}

/** Asks every driver and every signature. `tables`: whether partition tables count here too. */
export function claimsOn(
  source: BlockSource,
  { volumeDrivers, fileSystemDrivers }: ImageOptions,
  tables: { readonly allowed: boolean; readonly sectorBytes: number | undefined },
): Claims {
  const cached = new CachedSource(source, { maxPages: PROBE_PAGES });
  let failure: NomountError | undefined;
  const failed = (error: NomountError): void => {
    failure ??= error;
  };
  const says = (probe: () => boolean): boolean => {
    try {
      return probe();
    } catch (error) {
      failed(damageOf(error));
      return false;
    }
  };
  return {
    volumeDrivers: volumeDrivers.filter(
      (driver) => (driver.joins || tables.allowed) && says(() => driver.probe(cached, tables)),
    ),
    fileSystemDriver: fileSystemDrivers.find((driver) => says(() => driver.probe(cached))),
    recognised: [...recognise(cached, failed)],
    failure,
  };
}

export function isEmpty({ volumeDrivers, fileSystemDriver, recognised }: Claims): boolean {
  return volumeDrivers.length === 0 && fileSystemDriver === undefined && recognised.length === 0;
}

/** Signatures lie in few places, and each is looked at by several. */
const PROBE_PAGES = 64;
