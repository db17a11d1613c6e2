import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSource } from "../../../src/source/file/open-source.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { scratchFolder } from "../../support/fixture.ts";
import { toolOutput } from "../../support/tool-output.ts";
import { describeIf, describeWith, isRoot } from "../../support/tools.ts";

const folder = scratchFolder();
const inFolder = (name: string): string => join(folder.path, name);

/** The files of the folder that this process has open. */
function openFiles(): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder.path) ? [path] : [];
    } catch {
      return [];
    }
  });
}

describe("what cannot be opened", () => {
  test.each([
    ["nothing there", () => inFolder("missing"), /missing: no such file or device$/],
    ["a directory", () => folder.path, / is a directory: name a disk image or a block device$/],
    ["a character device", () => "/dev/null", /^\/dev\/null is a character device: name a disk image or a block device$/],
    ["an empty file", () => inFolder("empty"), /empty is empty$/],
  ])("%s", async (_, path, message) => {
    writeFileSync(inFolder("empty"), "");
    await expect(openSource(path())).rejects.toThrow(
      expect.objectContaining({ kind: "source", message: expect.stringMatching(message) }),
    );
    expect(openFiles()).toEqual([]);
  });
});

describeIf(!isRoot, "root may read everything", "a file that may not be read", () => {
  test("is said to need permission", async () => {
    writeFileSync(inFolder("secret"), "x");
    chmodSync(inFolder("secret"), 0);
    await expect(openSource(inFolder("secret"))).rejects.toThrow("no permission to read it (a block device is read as root");
  });
});

describe("an image", () => {
  test("is opened read-only through a symbolic link, in a folder that may not be written", async () => {
    const place = inFolder("read-only");
    mkdirSync(place);
    writeFileSync(join(place, "disk.img"), countedBytes(1000), { mode: 0o444 });
    symlinkSync("disk.img", join(place, "link"));
    chmodSync(place, 0o555);
    const before = statSync(join(place, "disk.img"), { bigint: true });
    const source = await openSource(join(place, "link"));
    const all = new Uint8Array(1000);
    await source.read(all, 0);
    expect(Buffer.compare(all, countedBytes(1000))).toBe(0);
    source.close();
    const { mtimeNs, ctimeNs, size } = statSync(join(place, "disk.img"), { bigint: true });
    expect({ mtimeNs, ctimeNs, size }).toEqual({ mtimeNs: before.mtimeNs, ctimeNs: before.ctimeNs, size: before.size });
    expect(openFiles()).toEqual([]);
    chmodSync(place, 0o755);
  });
});

describeIf(existsSync("/dev/shm"), "needs a tmpfs at /dev/shm", "an image of 2^53 bytes and more", () => {
  test("is refused, since positions in it would lose units", async () => {
    const path = `/dev/shm/nomount-test-${process.pid}`;
    writeFileSync(path, "x");
    try {
      toolOutput("truncate", ["-s", "8P", path]); // Node itself sets no size of 2^53
      await expect(openSource(path)).rejects.toThrow(
        expect.objectContaining({ kind: "unsupported", message: `${path} has 2^53 bytes or more` }),
      );
    } finally {
      rmSync(path);
    }
  });
});

describeWith(["mkfifo"], "a pipe with a name", () => {
  test("is spooled to where it is told", async () => {
    const bytes = countedBytes(3_000_000);
    toolOutput("mkfifo", [inFolder("pipe")]);
    mkdirSync(inFolder("spool"));
    const writing = writeFile(inFolder("pipe"), bytes);
    let done = 0;
    const source = await openSource(inFolder("pipe"), {
      spoolDir: inFolder("spool"),
      spooling: (doneBytes) => (done = doneBytes),
    });
    await writing;
    expect(source.sizeBytes).toBe(3_000_000);
    expect(done).toBe(3_000_000);
    const all = new Uint8Array(source.sizeBytes);
    source.readSync(all, 0);
    expect(Buffer.compare(all, bytes)).toBe(0);
    expect(readdirSync(inFolder("spool"))).toEqual([]);
    source.close();
    expect(openFiles()).toEqual([]);
  });

  test("that brings nothing is empty", async () => {
    toolOutput("mkfifo", [inFolder("silent")]);
    const writing = writeFile(inFolder("silent"), "");
    await expect(openSource(inFolder("silent"), { spoolDir: folder.path })).rejects.toThrow("silent is empty");
    await writing;
    expect(openFiles()).toEqual([]);
  });
});
