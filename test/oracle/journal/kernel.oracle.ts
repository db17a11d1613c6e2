import { rmSync } from "node:fs";
import { afterAll, beforeAll, test } from "vitest";
import { canLoopMount, describeIf, has, isRoot } from "../../support/tools.ts";
import { expectAgreement } from "./comparison.ts";
import { makeDirtyImages } from "./dirty-images.ts";
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
      await expectAgreement(image);
      rmSync(image.file);
    }
  });
});
