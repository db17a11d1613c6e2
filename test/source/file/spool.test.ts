import { closeSync, fstatSync, mkdirSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { spool } from "../../../src/source/file/spool.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { scratchFolder } from "../../support/fixture.ts";
import { toolOutput } from "../../support/tool-output.ts";
import { describeIf, isRoot } from "../../support/tools.ts";

const MIB = 1024 * 1024;
const folder = scratchFolder();

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

function contentOf(fd: number, sizeBytes: number): Buffer {
  const content = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; ) at += readSync(fd, content, at, sizeBytes - at, at);
  return content;
}

describe("spooling", () => {
  test("keeps every byte, whatever the sizes of the chunks", async () => {
    const bytes = countedBytes(3 * MIB + 17);
    const sizes = [1, 65_535, 65_536, 65_537, 100_000, 1, 2 * MIB];
    const parts: Uint8Array[] = [];
    let at = 0;
    for (const size of sizes) {
      parts.push(bytes.subarray(at, at + size));
      at += size;
    }
    parts.push(bytes.subarray(at));
    const { fd, sizeBytes } = await spool(chunks(...parts), "standard input", { folder: folder.path });
    expect(sizeBytes).toBe(bytes.length);
    expect(contentOf(fd, sizeBytes).equals(bytes)).toBe(true);
    closeSync(fd);
  });

  test("leaves no name in the folder, from the first byte on", async () => {
    const seen: string[][] = [];
    const { fd } = await spool(chunks(countedBytes(10), countedBytes(10)), "x", {
      folder: folder.path,
      progress: () => seen.push(readdirSync(folder.path)),
    });
    expect(seen).toEqual([[], []]);
    expect(fstatSync(fd).nlink).toBe(0);
    closeSync(fd);
  });

  test("stores zeros as holes, at the end too", async () => {
    const { fd, sizeBytes } = await spool(chunks(new Uint8Array(20 * MIB), countedBytes(MIB), new Uint8Array(40 * MIB)), "x", {
      folder: folder.path,
    });
    expect(sizeBytes).toBe(61 * MIB);
    expect(fstatSync(fd).size).toBe(61 * MIB);
    expect(fstatSync(fd).blocks * 512).toBeLessThan(3 * MIB);
    expect(
      contentOf(fd, sizeBytes)
        .subarray(20 * MIB, 21 * MIB)
        .equals(countedBytes(MIB)),
    ).toBe(true);
    closeSync(fd);
  });

  test("tells how far it is, and of how much where that is known", async () => {
    const told: [number, number | undefined][] = [];
    const progress = (done: number, total: number | undefined) => told.push([done, total]);
    const { fd } = await spool(chunks(countedBytes(10), countedBytes(20)), "x", {
      folder: folder.path,
      totalBytes: 30,
      progress,
    });
    closeSync(fd);
    expect(told).toEqual([
      [10, 30],
      [30, 30],
    ]);
  });

  test("stops when it is told to, and when the stream breaks, and leaves nothing", async () => {
    const stop = new AbortController();
    const stopped = spool(chunks(countedBytes(10), countedBytes(10)), "x", {
      folder: folder.path,
      signal: stop.signal,
      progress: () => stop.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield countedBytes(10);
      throw new Error("ECONNRESET");
    }
    await expect(spool(broken(), "standard input", { folder: folder.path })).rejects.toThrow(
      `standard input: spooling it to ${folder.path} failed: ECONNRESET`,
    );
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("into a folder that does not exist says so", async () => {
    const missing = join(folder.path, "missing");
    await expect(spool(chunks(), "standard input", { folder: missing })).rejects.toThrow(
      expect.objectContaining({ kind: "source", message: expect.stringContaining(`spooling it to ${missing} failed: ENOENT`) }),
    );
  });

  test("asks for room before it begins, where the length is known", async () => {
    await expect(spool(chunks(), "standard input", { folder: folder.path, totalBytes: 2 ** 52 })).rejects.toThrow(
      /^standard input has 4503599627370496 bytes, and .* has \d+ bytes left to spool it to: name a roomier folder with --spool-dir/,
    );
  });
});

describeIf(isRoot, "needs root to mount a small tmpfs", "a folder that fills up", () => {
  test("ends the spooling before it is full", async () => {
    const small = join(folder.path, "small");
    mkdirSync(small);
    toolOutput("mount", ["-t", "tmpfs", "-o", "size=80m", "tmpfs", small]);
    try {
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) yield countedBytes(MIB);
      }
      await expect(spool(endless(), "standard input", { folder: small })).rejects.toThrow(
        /^standard input goes on, and .* has \d+ bytes left to spool it to/,
      );
      expect(readdirSync(small)).toEqual([]);
    } finally {
      toolOutput("umount", [small]);
    }
  });
});
