import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import type { ImageFacts } from "../bench/images/folder.ts";
import { type Manifest, type ManifestEntry, manifestOf } from "../support/manifest.ts";
import { withFreshFolder, withMounted } from "../support/mount.ts";
import { nomountCommand } from "../support/nomount.ts";
import { toolOutput } from "../support/tool-output.ts";
import { canLoopMount, describeIf, has } from "../support/tools.ts";
import { BIG_STREAM_BYTES, bigStreams, ntfsTreeImage } from "./tree-ntfs-image.ts";
import { expectSameTree, shell, UNPACK } from "./whole-tree.ts";

const able = canLoopMount && has("sfdisk", "mkntfs", "ntfs-3g", "fusermount3", "tar", "getfattr", "setfattr");

for (const quick of [true, false]) {
  const title = quick ? "a small tree on NTFS" : "a Debian root tree of 60,000 entries and more on NTFS";
  describeIf(able, "root, a free loop device, ntfs-3g, mkntfs, sfdisk, tar and getfattr are needed", title, () => {
    let disk: ImageFacts;
    /** As ntfs-3g shows it, each stream as the file that nomount makes of it beside the one it belongs to. */
    let expected: Manifest = new Map();

    beforeAll(async () => {
      disk = ntfsTreeImage(quick);
      const tree = await withMounted(disk, manifestOf);
      expect(tree.size).toBe(disk.entries);
      expected = await withMounted(disk, async (top) => withStreams(tree, top), "windows");
      expect(expected.size).toBeGreaterThan(tree.size + 80);
    });

    test("as tar, unpacked by GNU tar, is what ntfs-3g shows", async () => {
      await withFreshFolder(async (folder) => {
        const { status, stderr } = shell(`${nomountCommand} tar "${disk.file}" / | ${UNPACK} -C "${folder}" -f -`);
        expect(status, stderr).toBe(0);
        expectSame(expected, await manifestOf(folder));
      });
    });

    test("copied to a folder, is what ntfs-3g shows", async () => {
      await withFreshFolder(async (folder) => {
        const { status, stderr } = shell(`${nomountCommand} cp "${disk.file}" / "${folder}/copy"`);
        expect(status, stderr).toBe(0);
        expectSame(expected, await manifestOf(`${folder}/copy`));
      });
    });

    test("its $MFT is in an attribute list, and a file lies in thousands of runs", () => {
      const map = toolOutput("sh", ["-c", `${nomountCommand} map "${disk.file}" ':/extra/scattered' | wc -l`]);
      expect(Number(map)).toBeGreaterThan(4000);
      const partition = toolOutput("dd", [`if=${disk.file}`, "bs=512", "skip=63", "count=1", "status=none"]);
      const record = Number(partition.readBigUInt64LE(48)) * 4096 + disk.partitionBytes;
      const mft = toolOutput("dd", [`if=${disk.file}`, "bs=512", `skip=${record / 512}`, "count=2", "status=none"]);
      expect(mft.readUInt32LE(mft.readUInt16LE(20) + mft.readUInt32LE(mft.readUInt16LE(20) + 4))).toBe(0x20);
    });
  });
}

/** NTFS keeps no mode or owner here. */
function expectSame(expected: Manifest, found: Manifest): void {
  expectSameTree(expected, found, { ignore: ["mode", "uid", "gid"] });
}

/** `top` is a mount that gives streams by their names on Windows. */
function withStreams(tree: Manifest, top: string): Manifest {
  const manifest = new Map<string, ManifestEntry>();
  for (const entry of tree.values()) {
    manifest.set(entry.path, { ...entry, xattrs: [] });
    const small = entry.sameAs === entry.path ? entry.xattrs.map((xattr) => /^user\.(.*)=0x/s.exec(xattr)?.[1] ?? "") : [];
    const big = bigStreams.filter(([path]) => path === entry.path).map(([, stream]) => stream);
    for (const stream of [...small.filter((name) => name !== ""), ...big]) {
      const path = `${entry.path}:${stream}`;
      const bytes = readFileSync(Buffer.from(`${top}/${path}`, "latin1"));
      if (big.includes(stream as "big")) expect(bytes.length).toBe(BIG_STREAM_BYTES);
      manifest.set(path, {
        ...entry,
        path,
        sameAs: path,
        kind: "file",
        linkCount: 1,
        xattrs: [],
        sizeBytes: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      });
    }
  }
  return manifest;
}
