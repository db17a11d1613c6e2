import type { Warn } from "../error.ts";
import { fileSystemDrivers } from "../filesystem/drivers.ts";
import type { Image, ImageOptions } from "../image/image.ts";
import { openImage as openSources } from "../image/open-image.ts";
import type { BlockSource } from "../source/block-source.ts";
import { type OpenSourceOptions, openSource } from "../source/file/open-source.ts";
import { volumeDrivers } from "../volume/drivers.ts";
import { ext2fsWasm } from "./ext2fs-wasm.ts";

export interface OpenImageOptions extends OpenSourceOptions {
  /** Sector size of the disk, 512 or 4096; undefined: let the device or the tables tell. */
  readonly sectorBytes?: number | undefined;
  /** Whether to show what each guest would see after its recovery, or else the disk as it lies. Default: true. */
  readonly replay?: boolean | undefined;
  /** The device or image that holds the journal of an ext filesystem, where it is not on the same one. */
  readonly journal?: string | undefined;
  /** Open a volume group (by name or UUID; or every one) as an earlier metadata text describes it. */
  readonly atSeqno?: ImageOptions["atSeqno"];
  /** Mirrors to be read from one leg alone, by the names of their volumes; legs count from 0. */
  readonly legs?: ImageOptions["legs"];
  /** Takes what the user should know though the work goes on: the source is in use, a table is damaged and its backup is used. */
  readonly warn?: Warn | undefined;
}

/**
 * Opens disks or disk images (regular files, block devices, the first parts of split images, "-" for standard input) read-only
 * and finds what is in them, with every volume scheme and filesystem that nomount reads. Close the image when done with it.
 * Throws `source` when one cannot be had.
 */
export async function openImage(paths: string | readonly string[], options: OpenImageOptions = {}): Promise<Image> {
  const sources: BlockSource[] = [];
  let journal: BlockSource | undefined;
  try {
    for (const path of typeof paths === "string" ? [paths] : paths) sources.push(await openSource(path, options));
    if (options.journal !== undefined) journal = await openSource(options.journal, options);
  } catch (error) {
    for (const source of sources) source.close();
    throw error;
  }
  return openSources(sources, {
    volumeDrivers,
    fileSystemDrivers: fileSystemDrivers(ext2fsWasm),
    sectorBytes: options.sectorBytes,
    atSeqno: options.atSeqno,
    legs: options.legs,
    recovery: { replay: options.replay ?? true, ...(journal === undefined ? {} : { journal }) },
    warn: options.warn,
  });
}
