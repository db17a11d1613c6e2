import { describe, expect, test } from "vitest";
import type { BlockSource } from "../../../src/source/block-source.ts";
import { resolve } from "../../../src/source/resolve.ts";
import { raidSuperblock } from "../../../src/volume/lvm2/raid/layout.ts";
import { fixtureBytes } from "../../support/fixture.ts";
import { contentOf, type GoldenContent, lvm2Golden, openLvm2, partitions, volumeNamed } from "../../support/lvm2.ts";

/** How many physical volumes a level can do without, whichever they are. */
const BEARS: Readonly<Record<string, number>> = {
  raid1: 1,
  three: 2,
  raid4: 1,
  raid10: 1,
  logged: 1,
  core: 2,
  striped: 1,
};

const images = ["lvm2-mirror", "lvm2-raid", "lvm2-raid5", "lvm2-raid6"];

describe.each(images)("%s", (image) => {
  const disks = partitions(image);
  const contents = Object.entries(lvm2Golden(image).groups[0]?.contents ?? {}).flatMap(([name, content]) => {
    return "sha256" in content && !/_(rmeta|rimage|mimage|mlog)(_|$)/.test(name) ? [[name, content] as const] : [];
  });

  test.each(contents)("%s has the content of its device node", (name, content) => {
    const { tables, warnings } = openLvm2(disks);
    expect(warnings).toEqual([]);
    expect(contentOf(volumeNamed(tables, `raid/${name}`).source)).toEqual(content);
  });

  for (const [name, content] of contents) {
    const bears = BEARS[name] ?? (name.startsWith("r6") ? 2 : name.startsWith("r5") ? 1 : 0);
    if (bears > 0) {
      test(`${name} has the same content with any ${bears} of its physical volumes missing`, () => {
        for (const left of without(disks, bears)) expect(contentWith(left, name)).toEqual(content);
      });
    }
  }
});

function contentWith(disks: readonly BlockSource[], name: string): GoldenContent {
  return contentOf(volumeNamed(openLvm2(disks).tables, `raid/${name}`).source);
}

/** Every choice of `count` of the disks, left out. */
function without(disks: readonly BlockSource[], count: number): readonly (readonly BlockSource[])[] {
  if (count === 0) return [disks];
  const choices = new Set<string>();
  const chosen: (readonly BlockSource[])[] = [];
  for (const [i] of disks.entries()) {
    for (const [j] of disks.entries()) {
      const out = new Set(count === 1 ? [i] : [i, j]);
      const key = [...out].sort().join();
      if (out.size !== count || choices.has(key)) continue;
      choices.add(key);
      chosen.push(disks.filter((_, k) => !out.has(k)));
    }
  }
  return chosen;
}

describe("legs that were away while the others were written", () => {
  const image = "lvm2-raid-stale";
  const disks = partitions(image);
  const { tables } = openLvm2(disks);
  const contents = lvm2Golden(image).groups[0]?.contents ?? {};

  test.each(["mirrored", "parity"])("%s is read around it, and flagged", (name) => {
    const volume = volumeNamed(tables, `raid/${name}`);
    expect(volume.flags).toContain("degraded");
    expect(volume.details?.().map((detail) => detail.name)).toContain("degraded");
    expect(contentOf(volume.source)).toEqual(contents[name]);
  });
});

describe("superblocks of a real array, changed", () => {
  const contents = lvm2Golden("lvm2-raid").groups[0]?.contents ?? {};
  const place = (bytes: Uint8Array, name: string): number => {
    const [extent] = resolve(volumeNamed(openLvm2(partitions("lvm2-raid", bytes)).tables, name).source);
    if (extent?.kind !== "data") throw new Error(`${name} lies nowhere`);
    return extent.offsetBytes;
  };
  /** The disk with the second leg of raid1 filled with junk from this byte on, and its superblock changed. */
  const changed = (junkFrom: number, field: Parameters<typeof raidSuperblock.offsetOf>[0], value: bigint) => {
    const bytes = Uint8Array.from(fixtureBytes("lvm2-raid"));
    const leg = place(bytes, "raid/raid1_rimage_1");
    const meta = place(bytes, "raid/raid1_rmeta_1");
    bytes.fill(0xee, leg + junkFrom, leg + 5 * 65536);
    new DataView(bytes.buffer).setBigUint64(meta + raidSuperblock.offsetOf(field), value, true);
    return partitions("lvm2-raid", bytes);
  };

  test("a leg is not read behind its recovery offset, and up to there it is", () => {
    const disks = changed(65536, "recoveryOffset", 128n);
    const volume = volumeNamed(openLvm2(disks).tables, "raid/raid1");
    expect(volume.flags).toContain("degraded");
    expect(contentOf(volume.source)).toEqual(contents["raid1"]);
    // Without the other leg the part that was rebuilt is all there is.
    const first = volumeNamed(openLvm2(disks.slice(1)).tables, "raid/raid1").source;
    const sector = new Uint8Array(512);
    first.readSync(sector, 65536 - 512);
    expect(new TextDecoder().decode(sector.subarray(0, 16))).toBe("raid1 00000007f\n");
    expect(() => first.readSync(sector, 65536)).toThrow("raid1_rimage_1 is being rebuilt: it is good up to byte 65536");
  });

  test("a leg with fewer events is stale", () => {
    const volume = volumeNamed(openLvm2(changed(0, "events", 1n)).tables, "raid/raid1");
    expect(contentOf(volume.source)).toEqual(contents["raid1"]);
    expect(volume.details?.().find(({ name }) => name === "degraded")?.value).toContain("raid1_rimage_1 is stale");
  });
});
