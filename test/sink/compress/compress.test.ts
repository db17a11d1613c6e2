import { spawnSync } from "node:child_process";
import { createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { gzip } from "../../../src/sink/compress/gzip.ts";
import { type PieceFormat, PieceStream } from "../../../src/sink/compress/piece-stream.ts";
import { zstd } from "../../../src/sink/compress/zstd.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { withFreshFolder } from "../../support/mount.ts";
import { describeWith, toolEnv } from "../../support/tools.ts";

const MIB = 1024 * 1024;

/** Text that compresses, over several pieces of any format, and not to the end of the last. */
const text = Buffer.from(countedBytes(9 * MIB + 12_345)).fill("over and over again, ", 3 * MIB, 5 * MIB);

async function compressTo(file: string, format: PieceFormat, bytes: Uint8Array): Promise<void> {
  const stream = new PieceStream(createWriteStream(file), format);
  for (let at = 0, length = 1; at < bytes.length; at += length, length = (length * 7) % 700_001)
    if (!stream.write(bytes.subarray(at, at + length))) await new Promise((resolve) => stream.once("drain", resolve));
  stream.end();
  await finished(stream);
}

function decompressed(command: string, ...args: readonly string[]): Buffer {
  const { status, stdout, stderr } = spawnSync(command, args, {
    env: toolEnv(),
    maxBuffer: 64 * MIB,
    timeout: 60_000,
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

describeWith(["gzip", "bsdtar"], "gzip", () => {
  test.each([0, 1, MIB, 2 * MIB + 1, text.length])("%i bytes are read by gzip, and by zlib as one member", async (length) => {
    await withFreshFolder(async (folder) => {
      const file = join(folder, "a.gz");
      await compressTo(file, gzip(), text.subarray(0, length));
      expect(decompressed("gzip", "-dc", file).equals(text.subarray(0, length))).toBe(true);
      expect(gunzipSync(readFileSync(file)).equals(text.subarray(0, length))).toBe(true);
    });
  });

  test("costs next to nothing against a stream of one piece", async () => {
    await withFreshFolder(async (folder) => {
      const [plain, file] = [join(folder, "a"), join(folder, "a.gz")];
      // What repeats lies in different pieces as often as in the same.
      const bytes = readFileSync(process.execPath).subarray(0, 8 * MIB);
      writeFileSync(plain, bytes);
      await compressTo(file, gzip(), bytes);
      expect(readFileSync(file).length / decompressed("gzip", "-c", plain).length).toBeLessThan(1.01);
    });
  });
});

describeWith(["zstd"], "zstd", () => {
  test.each([0, 1, 4 * MIB, text.length])("%i bytes are read by zstd", async (length) => {
    await withFreshFolder(async (folder) => {
      const file = join(folder, "a.zst");
      await compressTo(file, await zstd(), text.subarray(0, length));
      expect(decompressed("zstd", "-dc", file).equals(text.subarray(0, length))).toBe(true);
    });
  });
});

describe("a stream in pieces", () => {
  const slow = (settle: (piece: Uint8Array) => Promise<Uint8Array>): PieceFormat & { atMost: number } => {
    let now = 0;
    const format = {
      pieceBytes: 10,
      atOnce: 3,
      atMost: 0,
      head: new Uint8Array(),
      compress: async (piece: Uint8Array) => {
        now += 1;
        format.atMost = Math.max(format.atMost, now);
        try {
          return await settle(piece);
        } finally {
          now -= 1;
        }
      },
      tail: () => new Uint8Array(),
      close: async () => undefined,
    };
    return format;
  };

  test("goes out in order whatever is ready first, and has only so much under way", async () => {
    const got: Buffer[] = [];
    const out = new Writable({
      write: (bytes: Buffer, _, done) => {
        got.push(Buffer.from(bytes));
        done();
      },
    });
    let turn = 0;
    const format = slow(async (piece) => {
      turn += 1;
      await new Promise((resolve) => setTimeout(resolve, turn % 2 === 0 ? 0 : 5));
      return piece;
    });
    const stream = new PieceStream(out, format);
    stream.end(countedBytes(1003));
    await finished(stream);
    expect(Buffer.concat(got).equals(Buffer.from(countedBytes(1003)))).toBe(true);
    expect(format.atMost).toBeLessThanOrEqual(4);
    expect(format.atMost).toBeGreaterThan(1);
    expect(out.writableFinished).toBe(true);
  });

  test("fails when its output does", async () => {
    const out = new Writable({ write: (_, __, done) => done(new Error("full")) });
    const stream = new PieceStream(
      out,
      slow(async (piece) => piece),
    );
    stream.end(countedBytes(1000));
    await expect(finished(stream)).rejects.toThrow("full");
  });

  test("fails when a piece cannot be compressed", async () => {
    const stream = new PieceStream(
      new Writable({ write: (_, __, done) => done() }),
      slow(async () => Promise.reject(new Error("no memory"))),
    );
    stream.end(countedBytes(1000));
    await expect(finished(stream)).rejects.toThrow("no memory");
  });
});
