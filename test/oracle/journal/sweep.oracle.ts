import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeDifferences } from "../../support/compare-manifests.ts";
import { canLoopMount, describeIf, has, isRoot } from "../../support/tools.ts";
import { agreement, ownView } from "./agreement.ts";
import { checksumOf } from "./checksum.ts";
import { makeDirtyImages } from "./dirty-images.ts";
import { kernelView } from "./kernel-view.ts";
import type { Kind } from "./kinds.ts";
import { openReflinkFolder, type ReflinkFolder } from "./reflink-folder.ts";

/** `npm run test:journal` asks for 200. */
const INSTANTS = Number(process.env["NOMOUNT_SWEEP"] ?? "20");
const able = isRoot && canLoopMount && has("mkfs.xfs", "mke2fs", "python3", "getfattr");
const kind: Kind = {
  name: "sweep",
  make: ["-b", "4096", "-J", "size=8"],
  mount: "commit=1",
  load: ["fsync=10", "small=4"],
  sizeBytes: 48 << 20,
};

describeIf(
  able,
  "root, loop devices, mkfs.xfs, mke2fs, python3, getfattr are needed",
  "one workload, crashed again and again",
  () => {
    let folder: ReflinkFolder;
    beforeAll(() => {
      folder = openReflinkFolder(48);
    });
    afterAll(() => folder?.close());

    test(`at each of ${INSTANTS} random instants shows what the kernel shows`, async () => {
      let dirty = 0;
      let seen = 0;
      let entries = 0;
      const wrong: string[] = [];
      for (const image of await makeDirtyImages(folder.path, kind, INSTANTS, { pauseMilliseconds: 600 })) {
        const before = checksumOf(image.file);
        const own = await ownView(image);
        if (checksumOf(image.file) !== before) wrong.push(`${image.file}: it was written to`);
        const kernel = await kernelView(image);
        const { unexplained, stampedByTheMount } = agreement(kernel, own);
        const differences = [...unexplained, ...stampedByTheMount];
        if (differences.length > 0) wrong.push(`${image.file}: ${describeDifferences(differences)}`);
        if (own.freeBlocks !== kernel.freeBlocks)
          wrong.push(`${image.file}: ${own.freeBlocks} blocks free, not ${kernel.freeBlocks}`);
        if (own.journal?.dirty === true) dirty += 1;
        entries += own.manifest.size;
        if (differences.length === 0) rmSync(image.file);
        if (++seen % 20 === 0) console.log(`${seen} instants compared`);
      }
      console.log(`${INSTANTS} instants, ${dirty} of them dirty, ${entries} entries in all, ${wrong.length} that differ`);
      expect(wrong.length, wrong.join("\n")).toBe(0);
      expect(dirty).toBe(INSTANTS);
    });
  },
);
