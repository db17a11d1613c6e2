import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ownView } from "../oracle/journal/agreement.ts";
import { attempt } from "../oracle/journal/command.ts";
import { type DirtyImage, makeDirtyImages } from "../oracle/journal/dirty-images.ts";
import { kernelView } from "../oracle/journal/kernel-view.ts";
import type { Kind } from "../oracle/journal/kinds.ts";
import { openReflinkFolder } from "../oracle/journal/reflink-folder.ts";
import type { Manifest } from "../support/manifest.ts";
import { canLoopMount, has, isRoot } from "../support/tools.ts";
import { staleRow, type Tree } from "./stale-row.ts";

/**
 * What readers make of the snapshot of a running guest, taken a second and a half after all it had was on the disk: `npm run
 * bench:stale`. The truth is a writable kernel mount of a copy.
 * Directories and regular files are compared, by path, size and content.
 */

interface Reader {
  readonly name: string;
  readonly needs: readonly string[];
  /** `folder` is empty, for readers that only copy. */
  read(image: DirtyImage, folder: string): Promise<Tree> | Tree;
}

const kinds: readonly Kind[] = [
  { name: "ext4", make: ["-b", "4096", "-J", "size=16"], load: ["nosync=1"] },
  { name: "ext4, data=journal", make: ["-b", "4096", "-J", "size=64"], mount: "data=journal", load: ["nosync=1"] },
  { name: "ext3", make: ["-t", "ext3", "-b", "4096", "-J", "size=16"], load: ["nosync=1"] },
];

const readers: readonly Reader[] = [
  { name: "7-Zip", needs: ["7zz"], read: (image, folder) => copied(["7zz", "x", "-y", `-o${folder}`, image.file], folder) },
  { name: "The Sleuth Kit", needs: ["fls", "icat"], read: bySleuthKit },
  {
    name: "debugfs",
    needs: ["debugfs"],
    read: (image, folder) => copied(["debugfs", "-R", `rdump / ${folder}`, image.file], folder),
  },
  { name: "nomount --no-replay", needs: [], read: async (image) => treeOf((await ownView(image, false)).manifest) },
  { name: "nomount", needs: [], read: async (image) => treeOf((await ownView(image)).manifest) },
];

await main();

async function main(): Promise<void> {
  if (!isRoot || !canLoopMount || !has("mkfs.xfs", "python3", "getfattr", "fsfreeze")) {
    throw new Error("root, loop devices, mkfs.xfs, python3, getfattr and fsfreeze are needed");
  }
  const folder = openReflinkFolder(8);
  try {
    for (const kind of kinds) await compare(folder.path, kind);
  } finally {
    folder.close();
  }
}

async function compare(folder: string, kind: Kind): Promise<void> {
  const [image] = await makeDirtyImages(folder, { ...kind, name: kind.name.replace(/\W+/g, "-") }, 1, {
    frozenAfterMilliseconds: 1500,
    pauseMilliseconds: 1500,
    seed: 1,
  });
  if (image === undefined) return;
  const kernel = await kernelView(image);
  const truth = treeOf(kernel.manifest);
  const own = await ownView(image);
  process.stdout.write(
    `\n### ${kind.name}: ${own.journal?.summary}${kernel.refused === undefined ? "" : "; the kernel refuses it"}\n\n`,
  );
  process.stdout.write(
    `| reader | as the kernel, of ${truth.size} | missing | stale | wrongly shown |\n|---|---:|---:|---:|---:|\n`,
  );
  row("kernel, on a copy that it writes to", truth, truth);
  for (const reader of readers) {
    if (!has(...reader.needs)) {
      process.stdout.write(`| ${reader.name} | not installed | | | |\n`);
      continue;
    }
    const target = join(folder, "copied");
    mkdirSync(target);
    try {
      row(reader.name, truth, await reader.read(image, target));
    } finally {
      rmSync(target, { recursive: true, force: true });
    }
  }
  rmSync(image.file);
}

function row(name: string, truth: Tree, shown: Tree): void {
  process.stdout.write(staleRow(name, truth, shown));
}

function treeOf(manifest: Manifest): Tree {
  const tree = new Map<string, string>();
  for (const { path, kind, sha256 } of manifest.values()) {
    if (path !== "" && (kind === "file" || kind === "directory")) tree.set(path, sha256 ?? "");
  }
  return tree;
}

/** What a command has copied into a folder. */
function copied([program = "", ...args]: readonly string[], folder: string): Tree {
  attempt(program, ...args);
  const tree = new Map<string, string>();
  const left = [""];
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    for (const name of readdirSync(join(folder, path))) {
      const below = path === "" ? name : `${path}/${name}`;
      const stats = lstatSync(join(folder, below));
      if (stats.isDirectory()) {
        left.push(below);
        tree.set(below, "");
      } else if (stats.isFile()) {
        tree.set(below, sha256(readFileSync(join(folder, below))));
      }
    }
  }
  return tree;
}

/** `fls` lists names with their inodes, `icat` gives an inode's content. */
function bySleuthKit(image: DirtyImage): Tree {
  const tree = new Map<string, string>();
  for (const line of attempt("fls", "-r", "-p", "-u", image.file).stdout.split("\n")) {
    const [, kind, inode, path] = /^(.)\/. (\d+):\t(.*)$/.exec(line) ?? [];
    if (path === undefined || inode === undefined || path.startsWith("$")) continue;
    if (kind === "d") tree.set(path, "");
    else if (kind === "r") tree.set(path, hashOfCommand("icat", image.file, inode));
  }
  return tree;
}

function hashOfCommand(program: string, ...args: readonly string[]): string {
  return attempt("sh", "-c", `${program} "$@" | sha256sum`, program, ...args).stdout.slice(0, 64);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
