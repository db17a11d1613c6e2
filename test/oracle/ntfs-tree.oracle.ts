import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FileSystem } from "../../src/filesystem/file-system.ts";
import { ntfs } from "../../src/filesystem/ntfs/driver.ts";
import { resolvePath } from "../../src/filesystem/path.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { SliceSource } from "../../src/source/slice.ts";
import { compareManifests, describeDifferences } from "../support/compare-manifests.ts";
import { type Manifest, manifestOf } from "../support/manifest.ts";
import { manifestOfFileSystem } from "../support/manifest-of-file-system.ts";
import { withMounted } from "../support/mount.ts";
import { sha256Of } from "../support/ntfs-golden.ts";
import { toolOutput } from "../support/tool-output.ts";
import { canLoopMount, describeIf, has } from "../support/tools.ts";

const PARTITION_BYTES = 63 * 512;
const DISK_BYTES = 2 ** 31;
const BIG_STREAM_BYTES = 10 * 1024 * 1024;
const able = canLoopMount && has("mkntfs", "ntfs-3g", "sfdisk", "setfattr", "getfattr", "cp", "losetup");

/**
 * A part of this machine's own tree on NTFS at sector 63, written by ntfs-3g, with what no such tree has: holes, compressed
 * files, thousands of runs, streams of 10 MB and on directories, hard links. Every path, kind, size, time, link, stream and
 * hash is compared with what ntfs-3g shows.
 */
describeIf(able, "root, a loop device, mkntfs, ntfs-3g, sfdisk, setfattr are needed", "a whole tree on NTFS", () => {
  let work = "";
  let disk = "";
  let expected: Manifest = new Map();
  let bigStreams: readonly (readonly [path: string, stream: string, hash: string])[] = [];

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), "nomount-tree-"));
    disk = join(work, "disk.img");
    bigStreams = build(work, disk);
    expected = await withMounted({ file: disk, partitionBytes: PARTITION_BYTES, type: "ntfs" }, manifestOf);
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  test("every path, kind, size, time, link and hash is what ntfs-3g shows", () => {
    const found = manifestOfFileSystem(open(disk));
    // NTFS keeps no mode or owner here; what ntfs-3g calls user.* are streams, compared below; a directory's times of access change by looking.
    const differences = compareManifests(expected, found, { ignore: ["mode", "uid", "gid", "xattrs", "accessedNs"] });
    expect(differences.length, describeDifferences(differences)).toBe(0);
    expect(found.size).toBeGreaterThan(20_000);
  });

  test("every stream has the name, size and bytes that ntfs-3g gives", () => {
    const fileSystem = open(disk);
    let compared = 0;
    for (const { path, xattrs } of expected.values()) {
      const wanted = xattrs.map((xattr) => xattr.replace(/^user\./, "")).filter((xattr) => xattr.includes("=0x"));
      if (wanted.length === 0) continue;
      const { node } = resolvePath(fileSystem, `/${Buffer.from(path, "latin1").toString()}`);
      for (const line of wanted) {
        const [name = "", value = ""] = line.split("=0x");
        const content = fileSystem.content(node.id, Buffer.from(name, "latin1").toString());
        const bytes = new Uint8Array(content.sizeBytes);
        content.readSync(bytes, 0);
        expect(Buffer.from(bytes).toString("hex"), `${path}:${name}`).toBe(value);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(100);
    for (const [path, stream, hash] of bigStreams) {
      const { node } = resolvePath(fileSystem, path);
      expect(fileSystem.streams(node.id)).toContainEqual({ name: stream, sizeBytes: BIG_STREAM_BYTES });
      expect(sha256Of(fileSystem.content(node.id, stream))).toBe(hash);
    }
  });

  test("a file of thousands of runs is mapped run by run", () => {
    const fileSystem = open(disk);
    const content = fileSystem.content(resolvePath(fileSystem, "/extra/scattered").node.id);
    const extents = [...(content.extents?.(0, content.sizeBytes) ?? [])];
    expect(extents.length).toBeGreaterThan(3000);
  });
});

class DiskFile implements BlockSource {
  readonly label = "disk.img";
  readonly sizeBytes = DISK_BYTES;
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "r");
  }

  readSync(into: Uint8Array, offsetBytes: number): void {
    if (readSync(this.#file, into, 0, into.length, offsetBytes) !== into.length) throw new Error("short read");
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<void> {
    this.readSync(into, offsetBytes);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function open(disk: string): FileSystem {
  const source = new DiskFile(disk);
  return ntfs.open(new SliceSource(source, PARTITION_BYTES, DISK_BYTES - PARTITION_BYTES, "disk.img/p1"));
}

/** Returns the streams that are too large for an extended attribute, with their hashes. */
function build(work: string, disk: string): readonly (readonly [string, string, string])[] {
  toolOutput("truncate", ["-s", String(DISK_BYTES), disk]);
  toolOutput("sfdisk", ["-q", "--no-tell-kernel", disk], Buffer.from("label: dos\nunit: sectors\n63,,7\n"));
  const device = toolOutput("losetup", ["-f", "--show", "-o", String(PARTITION_BYTES), disk])
    .toString()
    .trim();
  const top = mkdtempSync(join(work, "mount-"));
  try {
    toolOutput("mkntfs", ["-q", "-Q", "-F", "-p", "63", "-H", "255", "-S", "63", "-L", "tree", device]);
    toolOutput("ntfs-3g", ["-o", "compression,streams_interface=xattr", device, top]);
    try {
      copyTree(top);
      addExtras(top);
    } finally {
      toolOutput("umount", [top]);
    }
    toolOutput("ntfs-3g", ["-o", "streams_interface=windows", device, top]);
    try {
      return ["/extra/with-a-big-stream", "/extra"].map((path, i) => {
        const bytes = counted(BIG_STREAM_BYTES, i);
        writeFileSync(`${top}${path}:big`, bytes);
        return [path, "big", createHash("sha256").update(bytes).digest("hex")] as const;
      });
    } finally {
      toolOutput("umount", [top]);
    }
  } finally {
    toolOutput("losetup", ["-d", device]);
  }
}

function copyTree(top: string): void {
  for (const folder of ["doc", "man", "zoneinfo", "perl", "python3", "locale", "icons", "fonts", "vim", "bash-completion"]) {
    try {
      toolOutput("cp", ["-a", "--no-preserve=ownership,mode,xattr", `/usr/share/${folder}`, top]);
    } catch (error) {
      // A machine without that folder has enough others.
      if (readdirSync("/usr/share").includes(folder)) throw error;
    }
  }
}

function addExtras(top: string): void {
  const script = String.raw`
set -e; cd "$1"; mkdir extra extra/compressed extra/streams
setfattr -n system.ntfs_attrib_be -v 0x00000800 extra/compressed
cp -a --no-preserve=ownership,mode,xattr /usr/share/doc/bash /usr/lib/os-release extra/compressed/ 2>/dev/null || true
seq 1 400000 > extra/compressed/numbers
head -c 3000000 /dev/urandom > extra/compressed/random
truncate -s 1G extra/sparse; printf end | dd of=extra/sparse bs=1 seek=1073741821 conv=notrunc status=none
: > extra/with-a-big-stream
i=0; while [ $i -lt 40 ]; do echo $i > "extra/streams/file $i"; for n in a "бв" "語"; do setfattr -n "user.$n $i" -v "stream $n of $i $(seq 1 $((i * 5)) | tr '\n' ' ')" "extra/streams/file $i"; done; i=$((i + 1)); done
setfattr -n user.of-a-directory -v "$(seq 1 3000)" extra/streams
mkdir extra/names; n=$(printf 'n%.0s' $(seq 1 250)); for e in é 語 Ω "  " "'" '"' "🙂"; do echo "$e" > "extra/names/$n$e"; echo "$e" > "extra/names/$e"; done
echo linked > extra/one; for i in $(seq 1 50); do ln extra/one "extra/another name of one, number $i"; done
`;
  toolOutput("bash", ["-c", script, "bash", top]);
  const scatter = `
const fs = require("node:fs"), top = process.argv[1];
const files = ["scattered", "beside"].map((name) => fs.openSync(top + "/extra/" + name, "w"));
for (const file of files) fs.ftruncateSync(file, 4000 * 8192);
for (let i = 0; i < 4000; i++) for (const file of files) fs.writeSync(file, Buffer.alloc(4096, i), 0, 4096, i * 8192);`;
  toolOutput(process.execPath, ["-e", scatter, top]);
}

function counted(lengthBytes: number, seed: number): Buffer {
  const bytes = Buffer.alloc(lengthBytes);
  for (let at = 0; at + 4 <= lengthBytes; at += 4) bytes.writeUInt32LE((at + seed) >>> 0, at);
  return bytes;
}
