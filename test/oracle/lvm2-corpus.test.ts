import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { BlockSource } from "../../src/source/block-source.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { corpusImage, hasCorpus } from "../support/corpus.ts";
import { scratchFolder } from "../support/fixture.ts";
import { openLvm2, volumeNamed } from "../support/lvm2.ts";
import { describeIf } from "../support/tools.ts";

const scratch = scratchFolder();

function load(name: string): BlockSource {
  return new MemorySource(readFileSync(corpusImage(`${name}.img`, scratch.path)), `${name}.img`);
}

/** Sector n is filled with the byte n & 0xff, for the first 4096 sectors. */
function expectCounter(source: BlockSource): void {
  const bytes = new Uint8Array(4096 * 512);
  source.readSync(bytes, 0);
  const expected = new Uint8Array(bytes.length);
  for (let n = 0; n < 4096; n++) expected.fill(n & 0xff, n * 512, (n + 1) * 512);
  expect(Buffer.compare(bytes, expected)).toBe(0);
}

const images = ["lvm-mirror-pv1.img", "lvm-mirror-pv2.img", "lvm-thin-pool.img"];

describeIf(hasCorpus(...images), `no ${images.join(", ")}`, "LVM2 images that others made", () => {
  test("lvm-mirror: the volume over both physical volumes, and with either of them", () => {
    const [one, two] = [load("lvm-mirror-pv1"), load("lvm-mirror-pv2")];
    for (const present of [[one, two], [one], [two]]) {
      const { tables } = openLvm2(present);
      const volume = tables.flatMap(({ volumes }) => volumes).find(({ name }) => name.endsWith("/mirrormirror"));
      if (volume === undefined) throw new Error("no volume mirrormirror");
      expectCounter(volume.source);
    }
  });

  test("lvm-thin-pool: both thin volumes", () => {
    const { tables, warnings } = openLvm2([load("lvm-thin-pool")]);
    expect(warnings).toEqual([]);
    for (const name of ["lv-1", "lv-2"]) expectCounter(volumeNamed(tables, `${tables[0]?.label}/${name}`).source);
  });
});
