import { MemorySource } from "../../../src/source/memory.ts";
import { SliceSource } from "../../../src/source/slice.ts";
import { gptDriver } from "../../../src/volume/gpt/gpt.ts";
import { mdDriver } from "../../../src/volume/md/md.ts";
import { findSuperblock } from "../../../src/volume/md/superblock.ts";
import { partitions } from "../../support/lvm2.ts";
import type { FuzzModule, Original } from "../fuzz-module.ts";
import { fixture, fixturesNamed, original } from "../originals.ts";
import { tolerate, useSource } from "../use-source.ts";

const LARGEST_BYTES = 64 << 20;
const SUPERBLOCK_BYTES = 1024;
const OPTIONS = { sectorBytes: undefined };
const places = new Map<string, readonly SliceSource[]>();

/** Arrays over the partitions of a disk. Checksums stay wrong where they are hit: the tests in `hostile` repair them. */
export const fuzz: FuzzModule = {
  name: "md",
  originals: () =>
    fixturesNamed("md-", LARGEST_BYTES)
      .filter((name) => gptDriver.probe(new MemorySource(fixture(name)), OPTIONS))
      .map(arraysOn),
  run({ source, original: { name }, random }) {
    const disks = (places.get(name) ?? []).map(
      ({ startBytes, sizeBytes }) => new SliceSource(source, startBytes, sizeBytes, name),
    );
    const present = disks.filter((disk) => disk.presentBytes > 0 && !random.chance(0.1) && mdDriver.probe(disk, OPTIONS));
    for (const table of mdDriver.open(present, OPTIONS, () => {})) {
      table.details?.();
      for (const volume of table.volumes) {
        tolerate(() => volume.details?.());
        useSource(volume.source, random);
      }
    }
  },
};

function arraysOn(name: string): Original {
  const bytes = fixture(name);
  const disks = partitions(name, bytes).flatMap((disk) => (disk instanceof SliceSource ? disk : []));
  places.set(name, disks);
  const targets = disks.flatMap((disk) => {
    const found = findSuperblock(disk);
    if (found === undefined) return [];
    return [{ name: "superblock", offsetBytes: disk.startBytes + found.at, lengthBytes: SUPERBLOCK_BYTES, weight: 4 }];
  });
  return original(name, bytes, targets);
}
