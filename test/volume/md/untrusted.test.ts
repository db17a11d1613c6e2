import { describe, expect, test } from "vitest";
import type { BlockSource } from "../../../src/source/block-source.ts";
import { contentOf, partitions } from "../../support/lvm2.ts";
import { mdGolden, openMd } from "../../support/md.ts";

function arraysOf(image: string) {
  const disks = partitions(image);
  return mdGolden(image).map((array) => ({
    ...array,
    devices: array.members.flatMap((number) => disks[number - 1] ?? []),
  }));
}

function volumeOn(devices: readonly BlockSource[]) {
  const { tables } = openMd(devices);
  const [volume] = tables[0]?.volumes ?? [];
  if (tables.length !== 1 || volume === undefined) throw new Error(`${tables.length} arrays`);
  return { volume, notes: tables[0]?.notes ?? [] };
}

describe("members that were away, failed or lost blocks while the others were written", () => {
  test.each(arraysOf("md-stale").filter(({ name }) => name !== "bad-blocks"))(
    "$name: is read around them, in any order of the members",
    ({ name, devices, content }) => {
      for (const order of [devices, devices.toReversed()]) {
        const { volume, notes } = volumeOn(order);
        expect(volume.flags).toContain("degraded");
        expect(notes.join()).toMatch(name === "bad-blocks" ? /has lost 1 stretches/ : /device \d \(.*\) is stale/);
        expect(contentOf(volume.source)).toEqual(content);
      }
    },
  );
});

describe("members that are being rebuilt", () => {
  const arrays = arraysOf("md-rebuilding");

  test.each(arrays)("$name: is read around what is not rebuilt yet", ({ devices, content }) => {
    for (const order of [devices, devices.toReversed()]) {
      const { volume, notes } = volumeOn(order);
      expect(volume.flags).toContain("degraded");
      expect(notes.join()).toMatch(/is being rebuilt: it is good up to byte \d+/);
      expect(contentOf(volume.source)).toEqual(content);
    }
  });

  test("without the other leg a mirror is good up to there, and refused behind", () => {
    const mirror = arrays.find(({ name }) => name === "mirror");
    const { volume, notes } = volumeOn(mirror?.devices.slice(0, 1) ?? []);
    const good = Number(/good up to byte (\d+)/.exec(notes.join())?.[1]);
    expect(good).toBeGreaterThan(0);
    const sector = new Uint8Array(512);
    volume.source.readSync(sector, good - 512);
    expect(new TextDecoder().decode(sector.subarray(0, 16))).toBe(`mirror${(good / 512 - 1).toString(16).padStart(9, "0")}\n`);
    expect(() => volume.source.readSync(sector, good)).toThrow(`is being rebuilt: it is good up to byte ${good}`);
  });
});
