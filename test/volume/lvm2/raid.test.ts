import { describe, expect, test } from "vitest";
import type { BlockSource } from "../../../src/source/block-source.ts";
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
