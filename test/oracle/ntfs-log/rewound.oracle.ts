import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { corpusImage, hasCorpus } from "../../support/corpus.ts";
import { scratchFolder } from "../../support/fixture.ts";
import { describeIf, has, toolEnv } from "../../support/tools.ts";
import { recoveredBy } from "./outcomes.ts";
import { RewindableVolume } from "./rewind.ts";
import { normalised, type Sizes } from "./structures.ts";

/** A volume of Windows 7 whose log holds 15 checkpoints: the changes behind each are made anew by nomount and by ntfsrecover. */
const DIRTY = "ntfs-windows7-dirty-log.img";
const SIZES: Sizes = { record: 1024, index: 4096 };
const SECTOR_BYTES = 512;
/** ntfsrecover takes back what came after these; before them it fails, and the volume is none that there ever was. */
const REWOUND = 11;

const able = hasCorpus(DIRTY) && has("ntfsrecover");

describeIf(able, "a folder of real images and ntfsrecover are needed", "a log that Windows 7 wrote, rewound", () => {
  const scratch = scratchFolder();

  test("to each checkpoint: equals what ntfsrecover leaves, byte for byte outside the log", () => {
    const volume = new RewindableVolume(corpusImage(DIRTY, scratch.path));
    const file = join(scratch.path, "rewound.img");
    const changed: number[] = [];
    for (const checkpoint of volume.checkpoints.toReversed().slice(0, REWOUND)) {
      expect(volume.rewind(file, checkpoint, SIZES), `rewinding to 0x${checkpoint.toString(16)}`).toBe(true);
      const before = readFileSync(file);
      const { source, findings } = recoveredBy(before);
      expect(findings.failure).toBeUndefined();
      const own = Buffer.alloc(before.length);
      source.readSync(own, 0);
      expect(spawnSync("ntfsrecover", [file], { env: toolEnv(), timeout: 60_000, stdio: "ignore" }).status).toBe(0);
      const [ours, theirs, old] = [own, readFileSync(file), before].map((image) => {
        image.fill(0, volume.logOffset, volume.logOffset + volume.logBytes);
        return normalised(image, SIZES);
      });
      if (ours === undefined || theirs === undefined || old === undefined) throw new Error("three images");
      expect(sectorsThatDiffer(ours, theirs), `from 0x${checkpoint.toString(16)}`).toEqual([]);
      changed.push(sectorsThatDiffer(theirs, old).length);
    }
    expect(volume.checkpoints).toHaveLength(15);
    expect(Math.max(...changed)).toBeGreaterThan(20);
  });
});

function sectorsThatDiffer(one: Buffer, other: Buffer): readonly number[] {
  const sectors: number[] = [];
  for (let at = 0; at < one.length; at += SECTOR_BYTES) {
    if (!one.subarray(at, at + SECTOR_BYTES).equals(other.subarray(at, at + SECTOR_BYTES))) sectors.push(at / SECTOR_BYTES);
  }
  return sectors;
}
