import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/source/memory.ts";
import { NODE_CHECKSUM_XOR, nodeHeader } from "../../src/volume/lvm2/persistent-data/layout.ts";
import { SUPERBLOCK_CHECKSUM_XOR, superblock } from "../../src/volume/lvm2/thin/layout.ts";
import { openPool } from "../../src/volume/lvm2/thin/pool.ts";
import { thinSource } from "../../src/volume/lvm2/thin/thin.ts";
import { openLvm2, partitions, volumeNamed } from "../support/lvm2.ts";
import { repairThinBlock } from "../support/lvm2-metadata.ts";

const BLOCK = 4096;
const { tables } = openLvm2(partitions("lvm2-thin"));
const data = volumeNamed(tables, "tp/pool_tdata").source;
const tmeta = volumeNamed(tables, "tp/pool_tmeta").source;
const original = new Uint8Array(tmeta.sizeBytes);
tmeta.readSync(original, 0);

const u64 = (bytes: Uint8Array, at: number) => Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true));
const nodeAt = (block: number) => original.subarray(block * BLOCK, (block + 1) * BLOCK);
const firstValue = (block: number) => {
  const maxEntries = nodeHeader.view(nodeAt(block)).maxEntries;
  return u64(nodeAt(block), nodeHeader.sizeBytes + maxEntries * 8);
};
/** The top of the mappings, the root of device 1, which is no leaf, and its first leaf. */
const top = Number(superblock.view(original).dataMappingRoot);
const root = firstValue(top);
const leaf = firstValue(root);

/** A copy in which one block was changed and its checksum made right. */
function changed(block: number, change: (view: DataView) => void): MemorySource {
  const bytes = Uint8Array.from(original);
  const at = bytes.subarray(block * BLOCK, (block + 1) * BLOCK);
  change(new DataView(at.buffer, at.byteOffset, BLOCK));
  repairThinBlock(at, block === 0 ? SUPERBLOCK_CHECKSUM_XOR : NODE_CHECKSUM_XOR);
  return new MemorySource(bytes, "tp/pool_tmeta");
}

describe("a superblock that contradicts its format is refused", () => {
  const set = (name: Parameters<typeof superblock.offsetOf>[0], value: number) => {
    return changed(0, (view) => view.setUint32(superblock.offsetOf(name), value, true));
  };
  const cases: readonly (readonly [message: string, source: MemorySource])[] = [
    ["lvm2: thin pool superblock: the metadata device has 100 bytes", new MemorySource(original.subarray(0, 100), "x")],
    ["lvm2: thin pool superblock: magic: expected 0x19c52ba, found 0x7", set("magic", 7)],
    ["lvm2: thin pool superblock: version 3, incompatible features 0x0: expected version 1 or 2, and none", set("version", 3)],
    ["lvm2: thin pool superblock: version 2, incompatible features 0x8", set("incompatFlags", 8)],
    ["lvm2: thin pool superblock: data block size 0", set("dataBlockSize", 0)],
  ];
  test.each(cases)("%s", (message, source) => expect(() => openPool(source, data.sizeBytes)).toThrow(message));

  test("a wrong checksum", () => {
    const bytes = Uint8Array.from(original);
    bytes[100] = 1;
    const message =
      /^lvm2: thin pool superblock: checksum mismatch: expected 0x[0-9a-f]{8}, found 0x[0-9a-f]{8} \(m, byte 0x0\)$/;
    expect(() => openPool(new MemorySource(bytes, "m"), data.sizeBytes)).toThrow(message);
  });

  test("needs_check is said, and the pool is read", () => {
    expect(openPool(set("flags", 1), data.sizeBytes).needsCheck).toBe(true);
  });
});

describe("a damaged node costs its own blocks", () => {
  const node = nodeHeader.offsetOf;
  const keyAt = (i: number) => nodeHeader.sizeBytes + i * 8;
  const cases: readonly (readonly [message: string, source: MemorySource])[] = [
    [
      `node in block ${leaf}: it says that it is block 3`,
      changed(leaf, (view) => view.setBigUint64(node("blockNumber"), 3n, true)),
    ],
    [`node in block ${leaf}: flags 0x3 name no kind`, changed(leaf, (view) => view.setUint32(node("flags"), 3, true))],
    [
      `node in block ${leaf}: values of 24 bytes: expected 8`,
      changed(leaf, (view) => view.setUint32(node("valueSize"), 24, true)),
    ],
    [
      `node in block ${leaf}: 4294967295 of 252 entries do not fit`,
      changed(leaf, (view) => view.setUint32(node("entries"), 2 ** 32 - 1, true)),
    ],
    [`node in block ${leaf}: key 0 of entry 5 is out of order`, changed(leaf, (view) => view.setBigUint64(keyAt(5), 0n, true))],
    [`node in block ${leaf}: it is empty, and not the root`, changed(leaf, (view) => view.setUint32(node("entries"), 0, true))],
    [`node in block ${root}: `, changed(root, (view) => view.setBigUint64(keyAt(252), BigInt(root), true))],
    ["node in block 0: the metadata device has 512 blocks", changed(root, (view) => view.setBigUint64(keyAt(252), 0n, true))],
    [
      "node in block 2^53 or more: the metadata device has 512 blocks",
      changed(root, (view) => view.setBigUint64(keyAt(252), 2n ** 63n, true)),
    ],
  ];
  test.each(cases)("%s", (message, source) => {
    const pool = openPool(source, data.sizeBytes);
    const volume = thinSource("tp/big", 64 * 2 ** 20, pool, 1, data, undefined);
    expect(() => volume.readSync(new Uint8Array(512), 0)).toThrow(message);
    // Virtual block 1023 is in the last leaf.
    const last = new Uint8Array(16);
    volume.readSync(last, (1023 * 128 + 127) * 512);
    expect(new TextDecoder().decode(last)).toBe("big   00001ffff\n");
  });

  test("a data block past the pool's end is missing, its neighbours are not", () => {
    const valuesAt = nodeHeader.sizeBytes + nodeHeader.view(nodeAt(leaf)).maxEntries * 8;
    const source = changed(leaf, (view) => view.setBigUint64(valuesAt + 2 * 8, 5000n << 24n, true));
    const volume = thinSource("tp/big", 64 * 2 ** 20, openPool(source, data.sizeBytes), 1, data, undefined);
    expect(() => volume.readSync(new Uint8Array(512), 2 * 65536)).toThrow(
      "lvm2: thin pool: block 2 is mapped to data block 5000: the pool has 704",
    );
    const sector = new Uint8Array(16);
    volume.readSync(sector, (4 * 128 + 3) * 512);
    expect(new TextDecoder().decode(sector)).toBe("big   000000203\n");
  });
});
