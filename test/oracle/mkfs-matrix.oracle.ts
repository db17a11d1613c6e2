import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { spiceExt4 } from "../bench/images/spice.ts";
import { compareManifests, describeDifferences } from "../support/compare-manifests.ts";
import { type Manifest, type ManifestEntry, manifestOf } from "../support/manifest.ts";
import { withFreshFolder, withMounted } from "../support/mount.ts";
import { nomountCommand } from "../support/nomount.ts";
import { canLoopMount, describeIf, has, toolEnv } from "../support/tools.ts";

const MOUNTABLE_BLOCKS = [1024, 2048, 4096];
const OTHER_BLOCKS = [8192, 16384, 65536];
const INODE_BYTES = [128, 256, 512, 1024];
const IMAGE_BYTES = 192 << 20;

/** Each turned on (or off, with "^") by itself on an ext4 of mke2fs's defaults; more than one where one needs the other. */
const FEATURES = [
  "^extent,^64bit",
  "^64bit",
  "meta_bg,^resize_inode",
  "bigalloc",
  "inline_data",
  "^dir_index",
  "large_dir",
  "ea_inode",
  "^metadata_csum",
  "^metadata_csum,uninit_bg",
  "metadata_csum_seed",
  "^huge_file",
  "^flex_bg",
  "^sparse_super,^resize_inode",
  "sparse_super2",
  "^extra_isize",
  "^large_file",
  "^filetype",
  "^ext_attr",
  "^dir_nlink",
  "^resize_inode",
  "^has_journal",
  "fast_commit",
  "mmp",
  "orphan_file",
  "encrypt",
  "verity",
  "stable_inodes",
  "inline_data,bigalloc,ea_inode,metadata_csum_seed,orphan_file",
  "^extent,^64bit,^flex_bg,^metadata_csum,^extra_isize,^huge_file",
];

const mounted = [
  ...["ext2", "ext3", "ext4"].flatMap((type) =>
    MOUNTABLE_BLOCKS.flatMap((block) =>
      INODE_BYTES.filter((inode) => inode <= block).map((inode) => ["-t", type, "-b", `${block}`, "-I", `${inode}`]),
    ),
  ),
  ...FEATURES.map((features) => ["-t", "ext4", "-b", "4096", "-O", features]),
  ["-t", "ext4", "-b", "1024", "-O", "bigalloc,inline_data", "-C", "16384"],
  ["-t", "ext4", "-b", "4096", "-I", "1024", "-O", "inline_data"],
];

const unmounted = OTHER_BLOCKS.flatMap((block) => ["ext2", "ext3", "ext4"].map((type) => ["-t", type, "-b", `${block}`]));
unmounted.push(["-t", "ext4", "-b", "8192", "-I", "1024"], ["-t", "ext4", "-b", "8192", "-O", "bigalloc"]);
// Kernels without these features mount no such filesystem at all.
for (const features of ["casefold", "quota", "quota,project"]) unmounted.push(["-t", "ext4", "-b", "4096", "-O", features]);

const able = canLoopMount && has("mke2fs", "tar", "getfattr", "setfattr", "setfacl");

describeIf(able, "root, a free loop device, mke2fs, tar, getfattr and acl are needed", "the mkfs matrix", () => {
  let work = "";
  const image = () => join(work, "image");
  const source = () => join(work, "source");

  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), "nomount-matrix-"));
    spiceExt4(source());
    for (const name of ["immutable", "append-only"]) execFileSync("chattr", ["-ia", join(source(), name)]);
  });

  afterAll(() => rmSync(work, { recursive: true, force: true }));

  test.each(mounted.map((args) => [args.join(" "), args] as const))("mke2fs %s, against a kernel mount", async (_, args) => {
    makeImage(image(), args);
    await filled(image(), source());
    const mountable = { file: image(), partitionBytes: 0, type: "ext4" } as const;
    expectSame(await withMounted(mountable, manifestOf), await extracted(image()), 1n);
  });

  test.each(unmounted.map((args) => [args.join(" "), args] as const))(
    "mke2fs -d %s, against the folder it was made of",
    async (_, args) => {
      makeImage(image(), [...args, "-d", source()]);
      // mke2fs copies whole seconds of 32 bits, and a symlink's second name as a symlink of its own; with inline_data it
      // cuts tails of files off, so that has no folder to be compared with.
      const unlike = ({ path }: ManifestEntry) => path.startsWith("times/") || path.startsWith("links/symlink");
      expectSame(await manifestOf(source()), await extracted(image()), 1_000_000_000n, unlike);
    },
  );
});

function makeImage(file: string, args: readonly string[]): void {
  writeFileSync(file, "");
  truncateSync(file, IMAGE_BYTES);
  execFileSync("mke2fs", ["-q", "-F", "-N", "12000", ...args, file], {
    env: toolEnv(),
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** What a filesystem without some feature cannot hold is left out by cp; the mount tells what there is in the end. */
async function filled(file: string, source: string): Promise<void> {
  const top = mkdtempSync(join(tmpdir(), "nomount-matrix-mount-"));
  execFileSync("mount", ["-o", "loop", file, top], { env: toolEnv() });
  try {
    spawnSync("cp", ["-a", "--sparse=always", `${source}/.`, top], { env: toolEnv() });
    spawnSync("fallocate", ["-l", "300000", join(top, "unwritten")], { env: toolEnv() });
  } finally {
    execFileSync("umount", [top], { env: toolEnv() });
    rmSync(top, { recursive: true });
  }
}

async function extracted(file: string): Promise<Manifest> {
  return await withFreshFolder(async (folder) => {
    const unpack = "tar -x -p --numeric-owner --xattrs --xattrs-include='*' --acls";
    const line = `${nomountCommand} tar "${file}" / | ${unpack} -C "${folder}" -f -`;
    const { status, stderr } = spawnSync("bash", ["-o", "pipefail", "-c", line], { env: toolEnv(), encoding: "utf8" });
    expect(status, stderr).toBe(0);
    return await manifestOf(folder);
  });
}

function expectSame(
  expected: Manifest,
  found: Manifest,
  timeStepNs: bigint,
  unlike: (entry: ManifestEntry) => boolean = () => false,
): void {
  const differences = compareManifests(expected, found, {
    ignore: ["accessedNs"],
    timeStepNs,
    without: (entry) => entry.kind === "socket" || entry.path === "lost+found" || entry.path === "" || unlike(entry),
  });
  expect(differences.length, describeDifferences(differences)).toBe(0);
}
