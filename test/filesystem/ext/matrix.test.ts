import { execFileSync, spawnSync } from "node:child_process";
import { linkSync, lutimesSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { openSource } from "../../../src/source/file/open-source.ts";
import { compareManifests, describeDifferences } from "../../support/compare-manifests.ts";
import { openExt } from "../../support/ext-fixture.ts";
import { scratchFolder } from "../../support/fixture.ts";
import { type Manifest, type ManifestEntry, manifestOf } from "../../support/manifest.ts";
import { manifestOfFileSystem } from "../../support/manifest-of-file-system.ts";
import { describeWith, toolEnv } from "../../support/tools.ts";

/** Room for clusters of 1 MiB; what is not written takes none. */
const IMAGE_BYTES = 200 << 20;
const BLOCKS = [1024, 2048, 4096, 8192, 65536];
const INODES = [128, 256, 512, 1024];

/** Each turned on (or off, with "^") by itself; more than one where one needs the other. */
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
  "^flex_bg",
  "sparse_super2",
  "^extra_isize",
  "^filetype",
  "^ext_attr",
  "^has_journal",
  "mmp",
  "orphan_file",
  "encrypt",
  "casefold",
  "casefold,encrypt",
  "verity",
  "quota,project",
  "inline_data,bigalloc,ea_inode,metadata_csum_seed,orphan_file,large_dir",
  "^extent,^64bit,^flex_bg,^metadata_csum,^extra_isize,^huge_file,^dir_nlink",
];

const all: readonly (readonly string[])[] = [
  ...BLOCKS.flatMap((block) =>
    INODES.filter((inode) => inode <= block).map((inode) => ["-t", "ext4", "-b", `${block}`, "-I", `${inode}`]),
  ),
  ...BLOCKS.flatMap((block) => ["ext2", "ext3"].map((type) => ["-t", type, "-b", `${block}`])),
  ...FEATURES.map((features) => ["-t", "ext4", "-b", "1024", "-O", features]),
  ...["inline_data", "^extent,^64bit"].map((features) => ["-t", "ext4", "-b", "65536", "-O", features]),
  ["-t", "ext4", "-b", "65536", "-O", "bigalloc", "-C", "131072"],
];

describeWith(["mke2fs", "getfattr", "setfattr"], "what mke2fs -d makes of a folder is that folder", () => {
  const scratch = scratchFolder();
  const source = () => join(scratch.path, "source");
  let expected: Manifest = new Map();

  beforeAll(async () => {
    makeTree(source());
    expected = await manifestOf(source());
  });

  test.each(all.map((args) => [args.join(" "), args] as const))("mke2fs %s", async (_, args) => {
    const image = join(scratch.path, "image");
    writeFileSync(image, "");
    truncateSync(image, IMAGE_BYTES);
    const made = spawnSync("mke2fs", ["-q", "-F", "-N", "2000", "-E", "lazy_itable_init=0", ...args, "-d", source(), image], {
      env: toolEnv(),
      encoding: "utf8",
    });
    expect(made.status, made.stderr).toBe(0);
    const opened = await openSource(image);
    const found = manifestOfFileSystem(openExt(opened));
    opened.close();
    // mke2fs copies whole seconds and no times of access, and adds lost+found.
    const without = ({ path }: ManifestEntry) => path === "lost+found" || path === "";
    const ignore = args.includes("^ext_attr") ? (["accessedNs", "xattrs"] as const) : (["accessedNs"] as const);
    const options = { ignore, timeStepNs: 1_000_000_000n, without };
    expect(describeDifferences(compareManifests(expected, found, options))).toBe("");
  });
});

function makeTree(top: string): void {
  const file = (name: string, bytes: Uint8Array | string) => writeFileSync(join(top, name), bytes);
  mkdirSync(join(top, "folder", "inner"), { recursive: true });
  mkdirSync(join(top, "many"));
  for (let i = 0; i < 300; i++) file(`many/a name of some length, number ${i}`, `${i}`);
  for (const size of [1, 59, 60, 61, 155, 156, 200, 1023, 1024, 1025, 70_000]) file(`size-${size}`, counter(size));
  file("empty", "");
  file("folder/inner/ünïcödé", "name");
  file("large", counter(3_000_000));
  file("sparse", "");
  truncateSync(join(top, "sparse"), 30_000_000);
  execFileSync("dd", ["if=/dev/zero", `of=${join(top, "sparse")}`, "bs=1k", "count=1", "seek=20000", "conv=notrunc"], {
    stdio: "ignore",
  });
  linkSync(join(top, "large"), join(top, "folder", "hard-link"));
  symlinkSync("large", join(top, "link"));
  for (const length of [59, 60, 61, 300, 1000]) symlinkSync("t".repeat(length), join(top, `link-${length}`));
  for (const [name, value] of [
    ["user.short", "value"],
    ["user.long", "x".repeat(400)],
  ] as const) {
    spawnSync("setfattr", ["-n", name, "-v", value, join(top, "size-200")]);
  }
  execFileSync("chmod", ["4751", join(top, "size-59")]);
  execFileSync("chmod", ["-R", "u=rwX,go=X", join(top, "folder")]);
  execFileSync("bash", ["-c", `find "${top}" -exec touch -h -d '2011-03-04 05:06:07' {} +`]);
  lutimesSync(join(top, "link"), 1_300_000_000, 1_200_000_000);
}

/**
 * Four-byte numbers that say where they lie. None has zeros for its first byte: of a file whose last block is all zeros, mke2fs
 * with inline_data forgets that block (debugfs and the kernel agree that it is not there).
 */
function counter(sizeBytes: number): Uint8Array {
  const words = Uint32Array.from({ length: Math.ceil(sizeBytes / 4) }, (_, i) => i * 4 + 1);
  return new Uint8Array(words.buffer, 0, sizeBytes);
}
