import { describe, expect, test } from "vitest";
import { contentOf, partitions } from "../../support/lvm2.ts";
import { type GoldenArray, mdGolden, openMd, without } from "../../support/md.ts";

const images = ["md-levels", "md-raid5", "md-raid6", "md-raid10", "md-linear"];

/** How many devices an array can do without, whichever they are. */
function bears({ options, members }: GoldenArray): number {
  if (options.includes("--level=10")) return Number(/layout=[nfo](\d)/.exec(options)?.[1] ?? 2) - 1;
  if (options.includes("--level=1")) return members.length - 1;
  return options.includes("--level=6") ? 2 : /--level=[45]/.test(options) ? 1 : 0;
}

describe.each(images)("%s", (image) => {
  const disks = partitions(image);
  const arrays = mdGolden(image).map((array) => ({
    ...array,
    devices: array.members.flatMap((number) => disks[number - 1] ?? []),
  }));

  test("every array has the content of its device, whatever the order of its members", () => {
    for (const { name, devices, content } of arrays) {
      for (const sources of [devices, devices.toReversed()]) {
        const { tables, warnings } = openMd(sources);
        expect(warnings, name).toEqual([]);
        expect(tables, name).toHaveLength(1);
        expect(tables[0]?.notes, name).toEqual([]);
        expect(contentOf(tables[0]?.volumes[0]?.source ?? expect.fail(name)), name).toEqual(content);
      }
    }
  });

  test("with any members missing that the level can do without, it is the same", () => {
    for (const array of arrays) {
      for (let count = 1; count <= bears(array); count++) {
        for (const left of without(array.devices, count)) {
          const { tables } = openMd(left);
          const [volume] = tables[0]?.volumes ?? [];
          expect(volume?.flags, array.name).toContain("degraded");
          expect(tables[0]?.missing, array.name).toHaveLength(count);
          expect(contentOf(volume?.source ?? expect.fail(array.name)), array.name).toEqual(array.content);
        }
      }
    }
  });

  test("with more missing it says which", () => {
    for (const array of arrays) {
      const [left = []] = without(array.devices, bears(array) + 1);
      if (left.length === 0) continue;
      const [volume] = openMd(left).tables[0]?.volumes ?? [];
      expect(() => contentOf(volume?.source ?? expect.fail(array.name)), array.name).toThrow(/^md: .*device \d is missing/);
    }
  });
});
