import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { isRoot, toolEnv } from "../../support/tools.ts";
import { buildDisk, buildDiskFromFolder, missingForMount, PARTITION_BYTES, runForText } from "./disk.ts";
import { cachedImage, type ImageFacts } from "./folder.ts";
import { spiceExt4, spiceNtfs } from "./spice.ts";

const RECIPE = 3;
const GIBIBYTE = 1 << 30;

export interface TreeSize {
  readonly name: string;
  readonly imageBytes: number;
  /** Under the source's top. */
  readonly folders: readonly string[];
}

/** The whole Debian root of this machine, or of NOMOUNT_BENCH_TREE; `quick` takes little of it. */
export const fullTree: TreeSize = { name: "tree", imageBytes: 5 * GIBIBYTE, folders: ["etc", "usr", "var"] };
export const quickTree: TreeSize = { name: "quick-tree", imageBytes: 256 << 20, folders: ["etc"] };

/** Compilers, kernels and caches: they would make the tree several times as large, with nothing new in it. */
const LEFT_OUT = [
  "usr/local",
  "usr/src",
  "usr/include",
  "usr/lib/gcc",
  "usr/lib/google-cloud-sdk",
  "usr/lib/jvm",
  "usr/lib/llvm-*",
  "usr/lib/modules",
  "usr/share/doc",
  "usr/share/package-lists",
  "usr/share/texlive",
  "var/cache",
  "var/tmp",
  "var/lib/apt/lists",
  "var/lib/docker",
];

export function treeExt4({ name, imageBytes, folders }: TreeSize): ImageFacts {
  return cachedImage(`${name}-ext4`, RECIPE, (file) => {
    const plan = {
      file,
      sizeBytes: imageBytes,
      type: "ext4",
      label: "tree",
      mkfs: ["-b", "4096", "-O", "ea_inode", "-m", "0"],
    } as const;
    let entries = 0;
    const fill = (top: string) => {
      copyTree(folders, top);
      spiceExt4(`${top}/spice`);
      entries = countEntries(top);
    };
    const missing = missingForMount("ext4");
    if (missing.length === 0) buildDisk(plan, (disk) => disk.mounted(fill));
    else
      inStaging(file, (staging) => {
        fill(staging);
        buildDiskFromFolder(plan, staging);
      });
    const madeBy = missing.length === 0 ? "loop mount" : `mke2fs -d, for want of ${missing.join(", ")}`;
    return { partitionBytes: PARTITION_BYTES, type: "ext4", madeBy, entries };
  });
}

export function treeNtfs({ name, imageBytes, folders }: TreeSize): ImageFacts {
  return cachedImage(`${name}-ntfs`, RECIPE, (file) => {
    let entries = 0;
    buildDisk({ file, sizeBytes: imageBytes, type: "ntfs", label: "tree", mountOptions: "compression" }, (disk) =>
      disk.mounted((top) => {
        copyTree(folders, top, ["--no-same-owner", "--no-same-permissions"]);
        spiceNtfs(`${top}/spice`);
        entries = countEntries(top);
      }),
    );
    return { partitionBytes: PARTITION_BYTES, type: "ntfs", madeBy: "ntfs-3g", entries };
  });
}

/** By GNU tar, which keeps links, holes, owners and attributes. Files that change under way, or may not be read, are its warnings. */
export function copyTree(folders: readonly string[], top: string, extract: readonly string[] = []): void {
  const source = process.env["NOMOUNT_BENCH_TREE"] ?? "/";
  const present = folders.filter((folder) => existsSync(`${source}/${folder}`));
  const leftOut = LEFT_OUT.map((path) => `--exclude=${path}`);
  const kept = extract.length > 0 ? [] : ["--xattrs", "--xattrs-include=*", "--acls"];
  const create = ["tar", "-C", source, "--one-file-system", "--anchored", ...leftOut, "--sparse", ...kept, "-c", ...present];
  const unpack = ["tar", "-C", top, "-x", "-p", "--numeric-owner", ...kept, ...extract];
  const pipe = `${create.map(quote).join(" ")} | ${unpack.map(quote).join(" ")}`;
  const { status } = spawnSync("sh", ["-c", pipe], { env: toolEnv(), stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) process.stderr.write(`tar ended with ${status} while copying ${source} (see above); going on\n`);
}

function inStaging(file: string, use: (folder: string) => void): void {
  const staging = `${file}.staging`;
  mkdirSync(staging, { recursive: true });
  try {
    use(staging);
  } finally {
    if (!isRoot) execFileSync("chmod", ["-R", "u+rwx", staging]);
    rmSync(staging, { recursive: true, force: true });
  }
}

export function countEntries(top: string): number {
  return Number(runForText("sh", ["-c", 'find "$0" -xdev -printf x | wc -c', top]));
}

function quote(argument: string): string {
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
