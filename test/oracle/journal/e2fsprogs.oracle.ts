import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canLoopMount, describeIf, has, isRoot } from "../../support/tools.ts";
import { ownState } from "./agreement.ts";
import { expectAgreement } from "./comparison.ts";
import type { DirtyImage } from "./dirty-images.ts";
import { refusalOf } from "./kernel-view.ts";
import { openReflinkFolder, type ReflinkFolder } from "./reflink-folder.ts";

/** The unpacked source of e2fsprogs, whose tests bring filesystems with journals to recover, sound and damaged. */
const source = process.env["NOMOUNT_E2FSPROGS"] ?? "";
const tests = join(source, "tests");
const names =
  source === "" || !existsSync(tests)
    ? []
    : readdirSync(tests).filter((name) => existsSync(join(tests, name, "image.gz")) && /^j_/.test(name));
/** A device that holds nothing but a journal. */
const DEVICES = new Set(["j_ext_dumpe2fs"]);
/** Linux from 6.9 on reads the revocations even of a transaction without a commit block, and refuses to mount for a wrong one. */
const REFUSED_FOR_NOTHING = new Set(["j_corrupt_revoke_block"]);
const able = names.length > 0 && isRoot && canLoopMount && has("mkfs.xfs", "getfattr");

describeIf(able, "NOMOUNT_E2FSPROGS, root, loop devices, mkfs.xfs, getfattr are needed", "a journal image of e2fsprogs", () => {
  let folder: ReflinkFolder;
  beforeAll(() => {
    folder = openReflinkFolder(2);
    mkdirSync(join(folder.path, "images"));
  });
  afterAll(() => folder?.close());

  test.for(names.filter((name) => !DEVICES.has(name)))("%s", async (name) => {
    const file = join(folder.path, "images", `${name}.img`);
    writeFileSync(file, gunzipSync(readFileSync(join(tests, name, "image.gz"))));
    const image: DirtyImage = { file, sizeBytes: statSync(file).size, kind: { name, make: [] } };
    if (REFUSED_FOR_NOTHING.has(name)) {
      const journal = await ownState(image);
      console.log(`${name}: ${journal?.summary}`);
      expect([journal?.stopped, refusalOf(image)?.changed]).toEqual([undefined, false]);
    } else await expectAgreement(image);
    rmSync(file);
  });
});
