import { describe, expect, test } from "vitest";
import { MappedSource } from "../../src/source/mapped.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { exception, STORE_MAGIC, storeHeader } from "../../src/volume/lvm2/snapshot/layout.ts";
import { snapshotSource } from "../../src/volume/lvm2/snapshot/snapshot.ts";
import { readStore } from "../../src/volume/lvm2/snapshot/store.ts";

const CHUNK = 4096;
const ORIGIN_CHUNKS = 100;

/** A store of 64 chunks of 4 KiB with these exceptions. */
function store(
  exceptions: readonly (readonly [old: bigint, fresh: bigint])[],
  header: Parameters<typeof storeHeader.encode>[0] = {},
) {
  const bytes = new Uint8Array(64 * CHUNK);
  bytes.set(storeHeader.encode({ magic: STORE_MAGIC, valid: 1, version: 1, chunkSize: 8, ...header }));
  for (const [i, [oldChunk, newChunk]] of exceptions.entries()) {
    bytes.set(exception.encode({ oldChunk, newChunk }), CHUNK + i * exception.sizeBytes);
  }
  return new MemorySource(bytes, "vg/store");
}

describe("a store that contradicts itself is refused", () => {
  const cases: readonly (readonly [message: string, store: MemorySource])[] = [
    ["lvm2: snapshot header: magic: expected 0x70416e53, found 0x1 (vg/store, byte 0x0)", store([], { magic: 1 })],
    [
      "lvm2: the snapshot is invalid: its store overflowed, and what it held is lost (vg/store, byte 0x0)",
      store([], { valid: 0 }),
    ],
    ["lvm2: snapshot header: version 2: expected 1", store([], { version: 2 })],
    ["lvm2: snapshot header: chunk size of 0 sectors", store([], { chunkSize: 0 })],
    ["lvm2: snapshot header: chunk size of 9 sectors: expected a power of two up to 131072", store([], { chunkSize: 9 })],
    ["lvm2: snapshot header: chunk size of 2147483648 sectors", store([], { chunkSize: 2 ** 31 })],
    ["lvm2: snapshot exception: new chunk 1: expected a data chunk below 64 (vg/store, byte 0x1000)", store([[5n, 1n]])],
    [
      "lvm2: snapshot exception: new chunk 64: expected a data chunk below 64 (vg/store, byte 0x1010)",
      store([
        [5n, 2n],
        [6n, 64n],
      ]),
    ],
    ["lvm2: snapshot exception: new chunk 2^53 or more", store([[5n, 2n ** 63n]])],
    ["lvm2: snapshot exception: old chunk 100: the origin has 100 chunks", store([[100n, 2n]])],
    ["lvm2: snapshot exception: old chunk 2^53 or more", store([[2n ** 64n - 1n, 2n]])],
    [
      "lvm2: snapshot exception: chunk 7 of the origin is excepted twice (vg/store)",
      store([
        [7n, 2n],
        [8n, 3n],
        [7n, 4n],
      ]),
    ],
  ];
  test.each(cases)("%s", (message, source) => {
    expect(() => readStore(source, ORIGIN_CHUNKS * CHUNK)).toThrow(message);
  });
});

test("an origin that ends before its snapshot is missing there, not zero", () => {
  const origin = new MemorySource(new Uint8Array(10 * CHUNK).fill(1), "vg/origin");
  const kept = store([[12n, 2n]]);
  const snapshot = snapshotSource("vg/snap", 14 * CHUNK, origin, kept, readStore(kept, 14 * CHUNK));
  expect(() => snapshot.readSync(new Uint8Array(CHUNK), 10 * CHUNK)).toThrow(
    "lvm2: vg/origin ends at byte 40960, before this place",
  );
  snapshot.readSync(new Uint8Array(CHUNK), 12 * CHUNK);
});

test("half a million exceptions open in a second of work or two, in no more than 32 bytes each", () => {
  const count = 500_000;
  const perArea = CHUNK / exception.sizeBytes;
  const areas = Math.ceil(count / perArea);
  // Areas are made when they are read: exception n maps chunk (n * 7919) mod count, and there are no two alike.
  const header = storeHeader.encode({ magic: STORE_MAGIC, valid: 1, version: 1, chunkSize: 8 });
  const page = new Uint8Array(CHUNK);
  const view = new DataView(page.buffer);
  const big = new MappedSource("vg/store", (1 + areas * (perArea + 1)) * CHUNK, (offsetBytes, lengthBytes) => {
    const chunk = offsetBytes / CHUNK;
    if (chunk === 0) return [{ kind: "inline", lengthBytes, bytes: header.subarray(0, lengthBytes) }];
    const area = (chunk - 1) / (perArea + 1);
    for (let i = 0; i < perArea; i++) {
      const n = area * perArea + i;
      const used = n < count;
      view.setUint32(i * 16, used ? (n * 7919) % count : 0, true);
      view.setUint32(i * 16 + 8, used ? 2 + n + area : 0, true);
    }
    return [{ kind: "inline", lengthBytes, bytes: page }];
  });
  const started = process.cpuUsage();
  const before = process.memoryUsage().arrayBuffers;
  const { exceptions } = readStore(big, count * CHUNK);
  expect(process.cpuUsage(started).user).toBeLessThan(5_000_000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(count * 32);
  expect(exceptions.count).toBe(count);
  for (const n of [0, 1, 249_999, count - 1]) {
    const index = exceptions.indexFrom((n * 7919) % count);
    expect(exceptions.newChunk(index)).toBe(2 + n + Math.floor(n / perArea));
  }
});
