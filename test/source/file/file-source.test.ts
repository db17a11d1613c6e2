import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SourceError } from "../../../src/error.ts";
import { FileSource } from "../../../src/source/file/file-source.ts";
import { ReadRecovery } from "../../../src/source/file/read-recovery.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { scratchFolder } from "../../support/fixture.ts";
import { describeIf } from "../../support/tools.ts";

const folder = scratchFolder();
const bytes = countedBytes(10_000);

function openFile(content: Uint8Array, sizeBytes = content.length): FileSource {
  const path = join(folder.path, "file");
  writeFileSync(path, content);
  return new FileSource("disk.img", [{ fd: openSync(path, "r"), sizeBytes }]);
}

describe("a file", () => {
  test("that became shorter says where it ends now", async () => {
    const source = openFile(bytes.subarray(0, 9000), 10_000);
    const expected = expect.objectContaining({
      message: "the source ends here, though it was 10000 bytes long when it was opened (disk.img, byte 0x2328)",
      offsetBytes: 9000,
      lengthBytes: 500,
      fatal: false,
    });
    expect(() => source.readSync(new Uint8Array(1000), 8500)).toThrow(expected);
    await expect(source.read(new Uint8Array(1000), 8500)).rejects.toEqual(expected);
    source.close();
  });

  test("is not read after close, when its descriptor may be another file's", async () => {
    const source = openFile(bytes);
    source.close();
    const other = openSync(join(folder.path, "file"), "r");
    expect(() => source.readSync(new Uint8Array(1), 0)).toThrow("read after close");
    await expect(source.read(new Uint8Array(1), 0)).rejects.toThrow("read after close");
    closeSync(other);
  });

  test("stays open until the reads that are under way have ended", async () => {
    const source = openFile(bytes);
    const into = new Uint8Array(bytes.length);
    const reading = source.read(into, 0);
    source.close();
    await reading;
    expect(Buffer.compare(into, bytes)).toBe(0);
    const fd = source.transfer.segments[0]?.fd ?? -1;
    expect(() => fstatSync(fd)).toThrow("EBADF");
  });

  test("ends a read when it is told to", async () => {
    const source = openFile(bytes);
    await expect(source.read(new Uint8Array(10), 0, AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
    source.close();
  });

  test("tells how another thread can read it", () => {
    const source = openFile(bytes);
    expect(source.transfer).toEqual({ label: "disk.img", segments: [{ fd: expect.any(Number), sizeBytes: 10_000 }] });
    source.close();
  });
});

/** A place in this process's own memory behind which nothing is mapped: reading there is a true EIO. */
function edgeOfMemory(): number {
  const maps = readFileSync("/proc/self/maps", "latin1").trim().split("\n");
  const ranges = maps.map((line) => {
    const [range = "", access = ""] = line.split(" ");
    const [start = 0, end = 0] = range.split("-").map((digits) => Number.parseInt(digits, 16));
    return { start, end, readable: access.startsWith("r") };
  });
  for (const [i, { start, end, readable }] of ranges.entries()) {
    const next = ranges[i + 1]?.start ?? Number.POSITIVE_INFINITY;
    if (readable && end - start >= 8192 && next - end >= 65_536 && end < 2 ** 52) return end;
  }
  throw new Error("no gap in memory");
}

describeIf(process.platform === "linux", "needs Linux's /proc/self/mem", "a device with a bad place", () => {
  let fd = -1;
  let edge = 0;
  beforeEach(() => {
    fd = openSync("/proc/self/mem", "r");
    edge = edgeOfMemory();
  });
  afterEach(() => {
    try {
      closeSync(fd);
    } catch {}
  });

  test("fails with exactly the sectors that cannot be read", async () => {
    const source = new FileSource("mem", [{ fd, sizeBytes: edge + 4096 }]);
    const expected = expect.objectContaining({
      message: expect.stringMatching(/^read of 2048 bytes failed: EIO/),
      offsetBytes: edge,
      lengthBytes: 2048,
      fatal: false,
    });
    expect(() => source.readSync(new Uint8Array(4096), edge - 2048)).toThrow(expected);
    await expect(source.read(new Uint8Array(4096), edge - 2048)).rejects.toEqual(expected);
    source.readSync(new Uint8Array(4096), edge - 4096);
    source.close();
  });

  test("gives the bytes before the bad place to a read that wants no more", () => {
    const source = new FileSource("mem", [{ fd, sizeBytes: edge + 4096 }]);
    const into = new Uint8Array(700);
    source.readSync(into, edge - 700);
    source.close();
  });

  test("of which no part can be read any more has died, and says so", async () => {
    // Page zero is never mapped, nor is what follows it.
    const source = new FileSource("/dev/vg0/snap", [{ fd, sizeBytes: 65_536 }]);
    const expected = expect.objectContaining({
      message: expect.stringMatching(
        /^every read fails now \(EIO.*\): the device has died, or the snapshot it is has overflowed \(\/dev\/vg0\/snap, byte 0x2000\)$/,
      ),
      fatal: true,
    });
    expect(() => source.readSync(new Uint8Array(8192), 8192)).toThrow(expected);
    await expect(source.read(new Uint8Array(8192), 8192)).rejects.toEqual(expected);
    source.close();
  });
});

describe("recovery", () => {
  const error = (code: string): Error => Object.assign(new Error(`${code}: trouble`), { code });
  const attempt = (position: number, length: number) => ({
    fd: 0,
    position,
    into: new Uint8Array(length),
    sourceOffsetBytes: position + 100_000,
  });

  /** Answers attempts as a device does that cannot read these bytes. */
  function drive(isBad: (byte: number) => boolean, offset: number, length: number, code = "EIO") {
    const asked: [number, number][] = [];
    const recovery = new ReadRecovery("sda", 1_000_000);
    const pieces = (offsetBytes: number, into: Uint8Array) => [{ ...attempt(offsetBytes - 100_000, 0), into }];
    const steps = recovery.finish(attempt(offset, length), error(code), pieces);
    for (let step = steps.next(); !step.done; ) {
      const { position, into } = step.value;
      asked.push([position, into.length]);
      const bad = Array.from(into.keys()).some((i) => isBad(position + i));
      step = steps.next(bad ? error("EIO") : into.length);
    }
    return asked;
  }

  test("a fault that was passing is overcome by the sector, from odd places too", () => {
    expect(drive(() => false, 1000, 1100)).toEqual([
      [1000, 24],
      [1024, 512],
      [1536, 512],
      [2048, 52],
    ]);
  });

  test("a bad run ends where the good sectors begin", () => {
    expect(() => drive((byte) => byte >= 1024 && byte < 3072, 0, 8192)).toThrow(
      expect.objectContaining({
        offsetBytes: 101_024,
        lengthBytes: 2048,
        message: expect.stringContaining("(sda, byte 0x18aa0)"),
      }),
    );
  });

  test.each(["ENXIO", "ENODEV", "ENOMEDIUM", "ESTALE"])("%s needs no second try: the device has gone", (code) => {
    expect(() => drive(() => false, 0, 8192, code)).toThrow(
      expect.objectContaining({ fatal: true, message: expect.stringContaining(`the device has gone: ${code}: trouble`) }),
    );
  });

  test("many bad sectors in a row are no death while something elsewhere can be read", () => {
    const isBad = (byte: number) => byte >= 0 && byte < 100_000;
    expect(() => drive(isBad, 0, 65_536)).toThrow(expect.objectContaining({ fatal: false, lengthBytes: 65_536 }));
  });

  test("the same source is an instance of SourceError for whoever catches it", () => {
    expect(() => drive(() => true, 0, 512)).toThrow(SourceError);
  });
});
