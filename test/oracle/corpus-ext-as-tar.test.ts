import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compareManifests, describeDifferences } from "../support/compare-manifests.ts";
import { corpusImage, hasCorpus } from "../support/corpus.ts";
import { type Manifest, type ManifestEntry, manifestOf } from "../support/manifest.ts";
import { withFreshFolder, withMounted } from "../support/mount.ts";
import { nomountCommand } from "../support/nomount.ts";
import { canLoopMount, describeIf, has, toolEnv } from "../support/tools.ts";

const HTREE = "ext4-htree-encrypt.img";
const XATTR = "ext4-xattr-capability.img";
const KINDS = "mbr-ext4-all-inode-types.img";

let work = "";
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "nomount-corpus-"));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

const able = hasCorpus(HTREE, XATTR, KINDS) && canLoopMount && has("tar", "getfattr");

describeIf(
  able,
  "a folder of real images, root, a free loop device, tar and getfattr are needed",
  "ext4 images that others made",
  () => {
    test.each([
      [HTREE, 0],
      [XATTR, 0],
      [KINDS, 1 << 20],
    ] as const)("%s as tar is what a read-only kernel mount shows", async (name, partitionBytes) => {
      const file = corpusImage(name, work);
      const expected = await withMounted({ file, partitionBytes, type: "ext4" }, manifestOf);
      await withFreshFolder(async (folder) => {
        const line = `${nomountCommand} tar "${file}" / | tar -x -p --numeric-owner --xattrs --xattrs-include='*' --acls -C "${folder}"`;
        spawnSync("bash", ["-c", line], { env: toolEnv() });
        expectSame(expected, await manifestOf(folder));
      });
    });
  },
);

/** Sockets have no place in a tar, what is encrypted has no content without its key, and GNU tar restores no times of access. */
function expectSame(expected: Manifest, found: Manifest): void {
  const without = ({ kind, sha256 }: ManifestEntry) =>
    kind === "socket" || (kind === "file" && !/^[0-9a-f]{64}$/.test(sha256 ?? ""));
  const differences = compareManifests(expected, found, { ignore: ["accessedNs"], without });
  expect(differences.length, describeDifferences(differences)).toBe(0);
}
