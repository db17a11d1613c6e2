import { describe, expect, test } from "vitest";
import { contentOf, lvm2Golden, openLvm2, partitions, volumeNamed } from "../../support/lvm2.ts";

/** Device nodes whose content goes on changing while the group is active. */
const IN_USE = /_(tmeta|cmeta|rmeta_\d+)$/;

/** Every volume's content, against the SHA-256 of its device node. */
const images = ["lvm2-linear", "lvm2-striped", "lvm2-snapshot", "lvm2-thin", "lvm2-cache", "lvm2-writecache", "lvm2-integrity"];

describe.each(images)("%s: the content of every volume is what its device node had", (image) => {
  const golden = lvm2Golden(image);
  const { tables, warnings } = openLvm2(partitions(image));

  test("opens without a warning", () => expect(warnings).toEqual([]));

  for (const group of golden.groups) {
    const name = group.vg["vg_name"] ?? "";
    for (const [lv, content] of Object.entries(group.contents)) {
      if (IN_USE.test(lv)) continue;
      test(`${name}/${lv}`, () => {
        const { source } = volumeNamed(tables, `${name}/${lv}`);
        if ("unreadable" in content) expect(() => contentOf(source)).toThrow(/^lvm2: /);
        else expect(contentOf(source)).toEqual(content);
      });
    }
  }
});

describe.each(["lvm2-snapshot-merge-deferred", "lvm2-snapshot-merging"])("%s: an origin with a snapshot to merge", (image) => {
  const golden = lvm2Golden(image);
  const { tables } = openLvm2(partitions(image));

  test("reads as the snapshot did", () => {
    expect(contentOf(volumeNamed(tables, "merge/origin").source)).toEqual(golden.merged);
  });

  test("the snapshot itself is gone into it", () => {
    const { source, flags } = volumeNamed(tables, "merge/undo");
    expect(flags).toContain("merging into origin");
    expect(() => contentOf(source)).toThrow(
      "lvm2: merge/undo: the snapshot is being merged into origin, which has its content",
    );
  });
});
