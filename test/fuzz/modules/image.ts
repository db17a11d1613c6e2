import { fileSystemDrivers } from "../../../src/filesystem/drivers.ts";
import type { ImageOptions } from "../../../src/image/image.ts";
import { openImage } from "../../../src/image/open-image.ts";
import type { BlockSource } from "../../../src/source/block-source.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { resolve } from "../../../src/source/resolve.ts";
import { volumeDrivers } from "../../../src/volume/drivers.ts";
import { gptDisk, mbrDisk } from "../disks.ts";
import type { FuzzModule, Original, Target } from "../fuzz-module.ts";
import { fixture, fixturesNamed, original } from "../originals.ts";
import { useFileSystem } from "../use-file-system.ts";
import { tolerate, useSource } from "../use-source.ts";
import { ext2fsWasm } from "../wasm.ts";

const LARGEST_BYTES = 48 << 20;
const HEAD_BYTES = 128 << 10;

const options: ImageOptions = { volumeDrivers, fileSystemDrivers: fileSystemDrivers(ext2fsWasm) };

/** Whole disks: what is recognised, tables in tables, and the filesystems in them. */
export const fuzz: FuzzModule = {
  name: "image",
  originals: () => [mbrDisk(), gptDisk(), ...fixturesNamed("", LARGEST_BYTES).map((name) => withHeads(name, fixture(name)))],
  run({ source, random }) {
    const image = openImage(source, options);
    try {
      for (const { content, address, source: volume } of image.places()) {
        useSource(volume, random);
        if (content.kind !== "filesystem") continue;
        tolerate(() => useFileSystem(content.open(), random));
        tolerate(() => image.locate(`${address}:/etc/../etc/hostname`));
      }
    } finally {
      image.close();
    }
  },
};

/** The head of the image and of each volume found in it, its end too, are where structures lie. */
function withHeads(name: string, bytes: Uint8Array): Original {
  const image = openImage(new MemorySource(bytes, name), options);
  const heads = [...image.places()].flatMap(({ source, address }) => headsOf(source, address));
  image.close();
  return original(name, bytes, heads);
}

function headsOf(source: BlockSource, address: string): readonly Target[] {
  const lengthBytes = Math.min(HEAD_BYTES, source.sizeBytes);
  const heads: Target[] = [];
  for (const [what, startBytes] of [
    ["head", 0],
    ["end", source.sizeBytes - lengthBytes],
  ] as const) {
    for (const extent of tolerate(() => [...resolve(source, startBytes, lengthBytes)]) ?? []) {
      if (extent.kind !== "data") continue;
      heads.push({
        name: `${what} of ${address === "" ? "the disk" : address}`,
        offsetBytes: extent.offsetBytes,
        lengthBytes: extent.lengthBytes,
      });
    }
  }
  const [first, ...rest] = heads;
  return first === undefined ? [] : [{ ...first, weight: 4 }, ...rest];
}
