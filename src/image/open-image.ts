import type { BlockSource } from "../source/block-source.ts";
import type { Image, ImageOptions } from "./image.ts";
import { OpenedImage } from "./opened-image.ts";

/** Finds what disks or disk images hold, at any depth. It takes the sources and the journal over, also when it throws; filesystems open when asked for. */
export function openImage(sources: BlockSource | readonly BlockSource[], options: ImageOptions): Image {
  const all: readonly BlockSource[] = "readSync" in sources ? [sources] : sources;
  try {
    return new OpenedImage(all, options);
  } catch (error) {
    for (const source of all) source.close();
    options.recovery?.journal?.close();
    throw error;
  }
}
