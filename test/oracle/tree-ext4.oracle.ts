import { beforeAll, expect, test } from "vitest";
import { image } from "../bench/images/all.ts";
import type { ImageFacts } from "../bench/images/folder.ts";
import { type Manifest, manifestOf } from "../support/manifest.ts";
import { withFreshFolder, withMounted } from "../support/mount.ts";
import { nomountCommand } from "../support/nomount.ts";
import { canLoopMount, describeIf, has, isRoot } from "../support/tools.ts";
import { expectSameTree, shell, UNPACK } from "./whole-tree.ts";

const able = isRoot && canLoopMount && has("tar", "getfattr");

for (const quick of [true, false]) {
  const title = quick ? "a small tree on ext4" : "a Debian root tree of 60,000 entries and more on ext4";
  describeIf(able, "root, a free loop device, tar and getfattr are needed", title, () => {
    let disk: ImageFacts;
    let expected: Manifest = new Map();

    beforeAll(async () => {
      disk = image("tree", "ext4", quick);
      expected = await withMounted(disk, manifestOf);
      expect(expected.size).toBe(disk.entries);
    });

    test("as tar, unpacked by GNU tar, is what a read-only kernel mount shows", async () => {
      await withFreshFolder(async (folder) => {
        const { status, stderr } = shell(`${nomountCommand} tar "${disk.file}" / | ${UNPACK} -C "${folder}" -f -`);
        expect(stderr).toContain("not copied: 1 socket");
        expect(status, stderr).toBe(0);
        expectSameTree(expected, await manifestOf(folder), { without: ({ kind }) => kind === "socket" });
      });
    });

    test("copied to a folder, is what a read-only kernel mount shows", async () => {
      await withFreshFolder(async (folder) => {
        const { status, stderr } = shell(`${nomountCommand} cp "${disk.file}" / "${folder}/copy"`);
        expect(status, stderr).toBe(0);
        expectSameTree(expected, await manifestOf(`${folder}/copy`));
      });
    });
  });
}
