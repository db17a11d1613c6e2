import { volumeDrivers } from "../../../src/volume/drivers.ts";
import { gptDisk, mbrDisk, repairGpt } from "../disks.ts";
import type { FuzzModule } from "../fuzz-module.ts";
import { fixture, fixturesNamed, original } from "../originals.ts";
import { useSource } from "../use-source.ts";

const SMALL_BYTES = 4 << 20;
/** What a table of 4 MiB could hold in all its entries. */
const MOST_VOLUMES = 32_768;

/** Partition tables: every volume of every table that a mutant seems to hold. */
export const fuzz: FuzzModule = {
  name: "partitions",
  originals: () => [
    mbrDisk(),
    gptDisk(),
    ...fixturesNamed("mbr-", SMALL_BYTES).map((name) => original(name, fixture(name), [head])),
    ...fixturesNamed("gpt-", SMALL_BYTES).map((name) => original(name, fixture(name), [head], repairGpt)),
  ],
  run({ source, random }) {
    const sectorBytes = random.chance(0.1) ? 4096 : undefined;
    for (const driver of volumeDrivers) {
      if (!driver.probe(source, { sectorBytes })) continue;
      for (const { volumes } of driver.open([source], { sectorBytes }, () => {})) {
        if (volumes.length > MOST_VOLUMES) throw new Error(`${volumes.length} volumes`);
        for (const volume of volumes) useSource(volume.source, random);
      }
    }
  },
};

const head = { name: "head", offsetBytes: 0, lengthBytes: 34 * 512, weight: 1 };
