import { describe, expect, test } from "vitest";
import { SourceError } from "../../src/error.ts";
import { CachedSource } from "../../src/source/cached.ts";
import { countedBytes } from "../support/counted-bytes.ts";
import { FailingSource, type Trouble } from "../support/failing-source.ts";

const PAGE_BYTES = 4096;
const bytes = countedBytes(10 * PAGE_BYTES + 100);

function open(trouble: Trouble = {}, maxPages = 4) {
  const inner = new FailingSource(bytes, trouble);
  return { inner, cached: new CachedSource(inner, { maxPages }) };
}

function read(source: CachedSource, offsetBytes: number, lengthBytes: number): Uint8Array {
  const into = new Uint8Array(lengthBytes);
  source.readSync(into, offsetBytes);
  return into;
}

describe("a cache", () => {
  test("reads a page once, however often parts of it are asked for", () => {
    const { inner, cached } = open();
    for (let i = 0; i < 100; i++) expect(read(cached, i * 40, 8)).toEqual(bytes.subarray(i * 40, i * 40 + 8));
    expect(inner.reads).toBe(1);
  });

  test("keeps what was used last and forgets what was used longest ago", () => {
    const { inner, cached } = open({}, 2);
    for (const page of [0, 1, 0, 2, 0, 1]) read(cached, page * PAGE_BYTES, 1);
    expect(inner.reads).toBe(4);
  });

  test("lets large reads by, and keeps nothing of them", () => {
    const { inner, cached } = open();
    read(cached, 0, 5 * PAGE_BYTES);
    read(cached, 0, 1);
    expect(inner.lengths).toEqual([5 * PAGE_BYTES, PAGE_BYTES]);
  });

  test("does not read past the end for its last page", () => {
    const { inner, cached } = open();
    expect(read(cached, 10 * PAGE_BYTES + 99, 1)).toEqual(bytes.subarray(-1));
    expect(inner.lengths).toEqual([100]);
  });

  test("gives the good sectors of a page that cannot be read as a whole, and fails for the bad one alone", () => {
    const { cached } = open({ badSectors: [[10, 11]] });
    expect(read(cached, 4096, 1024)).toEqual(bytes.subarray(4096, 5120));
    expect(read(cached, 5632, 2560)).toEqual(bytes.subarray(5632, 8192));
    expect(() => read(cached, 5000, 200)).toThrow(SourceError);
    expect(read(cached, 5000, 120)).toEqual(bytes.subarray(5000, 5120));
  });

  test("does not keep asking a source that has died", () => {
    const { inner, cached } = open({ diesAtRead: 2 });
    read(cached, 0, 1);
    expect(() => read(cached, PAGE_BYTES, 1)).toThrow(expect.objectContaining({ fatal: true }));
    expect(inner.reads).toBe(2);
    expect(read(cached, 100, 1)).toEqual(bytes.subarray(100, 101));
  });
});

test("whichever read fails, that error comes out or the answer is right", () => {
  const work = (cached: CachedSource): string => {
    const digest: number[] = [];
    for (let i = 0; i < 60; i++) digest.push(...read(cached, (i * 7919) % (bytes.length - 20), 20));
    return Buffer.from(digest).toString("hex");
  };
  const healthy = open({}, 3);
  const expected = work(healthy.cached);
  for (let failsAtRead = 1; failsAtRead <= healthy.inner.reads; failsAtRead++) {
    // A page that fails once is tried again by the sector, so the work goes through.
    expect(work(open({ failsAtRead }, 3).cached)).toBe(expected);
    expect(() => work(open({ diesAtRead: failsAtRead }, 3).cached)).toThrow("the device has gone");
  }
});
