import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeDifferences } from "../../support/compare-manifests.ts";
import { canLoopMount, describeIf, has, isRoot } from "../../support/tools.ts";
import { agreement, checksumOf, ownView } from "./agreement.ts";
import { makeDirtyImages } from "./dirty-images.ts";
import { kernelView } from "./kernel-view.ts";
import { kinds } from "./kinds.ts";
import { openReflinkFolder, type ReflinkFolder } from "./reflink-folder.ts";

const IMAGES_OF_A_KIND = 2;
const able = isRoot && canLoopMount && has("mkfs.xfs", "mke2fs", "python3", "getfattr");

describeIf(able, "root, loop devices, mkfs.xfs, mke2fs, python3, getfattr are needed", "a dirty ext filesystem", () => {
  let folder: ReflinkFolder;
  beforeAll(() => {
    folder = openReflinkFolder();
  });
  afterAll(() => folder?.close());

  test.for(kinds)("$name: shows what a writable kernel mount of a copy shows", async (kind) => {
    for (const image of await makeDirtyImages(folder.path, kind, IMAGES_OF_A_KIND)) {
      const before = checksumOf(image.file);
      const own = await ownView(image);
      expect(checksumOf(image.file), "the image was written to").toBe(before);
      const kernel = await kernelView(image);
      const { unexplained, stampedByTheMount } = agreement(kernel, own);
      const said = `${image.file}: ${own.journal?.summary}; ${own.manifest.size} entries; ${Math.round(own.milliseconds)} ms`;
      console.log(kernel.refused === undefined ? said : `${said}\n  the kernel: ${kernel.refused}`);
      expect(own.journal?.stopped !== undefined, said).toBe(kernel.refused !== undefined);
      // Where not even the first fast commit is whole, the kernel replays nothing: `refused.oracle.ts` shows what is right.
      if (kernel.refused !== undefined && /is not whole/.test(own.journal?.summary ?? "")) continue;
      expect(unexplained.length, `${said}\n${describeDifferences(unexplained)}`).toBe(0);
      const fastCommits = /fast commit/.test(own.journal?.summary ?? "");
      if (!fastCommits) {
        expect(stampedByTheMount.length, describeDifferences(stampedByTheMount)).toBe(0);
        expect(own.freeBlocks).toBe(kernel.freeBlocks);
      }
      rmSync(image.file);
    }
  });
});
