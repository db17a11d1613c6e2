import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { ntfs } from "../../src/filesystem/ntfs/driver.ts";
import { walk } from "../../src/filesystem/walk.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { attempt } from "../oracle/journal/command.ts";
import { RewindableVolume } from "../oracle/ntfs-log/rewind.ts";
import { corpusImage, hasCorpus } from "../support/corpus.ts";
import { has } from "../support/tools.ts";
import { staleRow, type Tree } from "./stale-row.ts";

/**
 * What readers make of a volume of Windows whose newest changes are only in its log: `npm run bench:stale-ntfs`. The volume is
 * one that Windows 7 wrote; ntfsrecover has taken back what came after one of its checkpoints, and the log is as it was. The
 * truth is what ntfsrecover leaves on a copy, as The Sleuth Kit reads it. Files are compared by path and content.
 */

interface Reader {
  readonly name: string;
  readonly needs: readonly string[];
  read(file: string, folder: string): Tree;
}

const IMAGE = "ntfs-windows7-dirty-log.img";
const SIZES = { record: 1024, index: 4096 };
/** Before the files were written: ntfsrecover takes back no more than eleven. */
const CHECKPOINTS_BACK = 11;

const readers: readonly Reader[] = [
  { name: "7-Zip", needs: ["7zz"], read: by7Zip },
  { name: "The Sleuth Kit", needs: ["fls", "icat"], read: bySleuthKit },
  {
    name: "ntfs-3g, mounted read-only",
    needs: ["ntfs-3g"],
    read: (file, folder) => byMount(["ntfs-3g", "-o", "ro"], file, folder),
  },
  {
    name: "ntfs-3g, on a copy that it writes to",
    needs: ["ntfs-3g"],
    read: (file, folder) => byMount(["ntfs-3g"], file, folder),
  },
  { name: "nomount --no-replay", needs: [], read: (file) => byNomount(file, false) },
  { name: "nomount", needs: [], read: (file) => byNomount(file, true) },
];

main();

function main(): void {
  if (!hasCorpus(IMAGE) || !has("ntfsrecover"))
    throw new Error("a folder of real images (NOMOUNT_CORPUS) and ntfsrecover are needed");
  const work = mkdtempSync(join(tmpdir(), "nomount-stale-"));
  try {
    const whole = corpusImage(IMAGE, work);
    const volume = new RewindableVolume(whole);
    const checkpoint = volume.checkpoints.at(-CHECKPOINTS_BACK) ?? 0n;
    const truth = truthOf(volume, checkpoint, join(work, "truth.img"));
    process.stdout.write(
      `| reader | right, of ${truth.size} | missing | stale | gone, but shown |\n|---|---:|---:|---:|---:|\n`,
    );
    for (const reader of readers) {
      const file = join(work, "rewound.img");
      volume.rewind(file, checkpoint, SIZES);
      const folder = join(work, "folder");
      mkdirSync(folder);
      process.stdout.write(
        has(...reader.needs)
          ? staleRow(reader.name, truth, reader.read(file, folder))
          : `| ${reader.name} | not installed | | | |\n`,
      );
      rmSync(folder, { recursive: true });
    }
  } finally {
    rmSync(work, { recursive: true });
  }
}

function by7Zip(file: string, folder: string): Tree {
  attempt("7zz", "x", "-y", `-o${folder}`, file);
  return treeOfFolder(folder);
}

/** Names with their records, in the order in which `icat` gives their content. */
function bySleuthKit(file: string): Tree {
  const tree = new Map<string, string>();
  for (const line of attempt("fls", "-r", "-p", "-u", "-F", file).stdout.split("\n")) {
    const [, record, path] = /^r\/r (\d+)-128-\d+:\t(.*)$/.exec(line) ?? [];
    if (record === undefined || path === undefined || path.startsWith("$")) continue;
    tree.set(path, attempt("sh", "-c", 'icat "$0" "$1" | sha256sum', file, record).stdout.slice(0, 64));
  }
  return tree;
}

function byMount([program = "", ...args]: readonly string[], file: string, folder: string): Tree {
  if (attempt(program, ...args, file, folder).status !== 0) return new Map();
  try {
    return treeOfFolder(folder);
  } finally {
    attempt("umount", folder);
  }
}

function byNomount(file: string, replay: boolean): Tree {
  const fileSystem = ntfs.open(new MemorySource(readFileSync(file)), { replay });
  const tree = new Map<string, string>();
  for (const { path, node } of walk(fileSystem, fileSystem.node(fileSystem.root), () => {})) {
    if (node.kind !== "file" || path.startsWith("$")) continue;
    const content = fileSystem.content(node.id);
    const bytes = new Uint8Array(content.sizeBytes);
    content.readSync(bytes, 0);
    tree.set(path, sha256(bytes));
  }
  return tree;
}

/** Without what a reader shows of the volume's own files. */
function treeOfFolder(folder: string): Tree {
  const tree = new Map<string, string>();
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = relative(folder, join(entry.parentPath, entry.name));
    if (!entry.isFile() || path.startsWith("[SYSTEM]") || path.startsWith("$")) continue;
    try {
      tree.set(path, sha256(readFileSync(join(folder, path))));
    } catch {
      tree.set(path, "unreadable");
    }
  }
  return tree;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function truthOf(volume: RewindableVolume, checkpoint: bigint, file: string): Tree {
  volume.rewind(file, checkpoint, SIZES);
  if (attempt("ntfsrecover", file).status !== 0) throw new Error("ntfsrecover does not replay it");
  return bySleuthKit(file);
}
