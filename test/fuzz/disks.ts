import { crc32 } from "../../src/bytes/crc32.ts";
import { gptEntry, gptHeader } from "../../src/volume/gpt/layout.ts";
import { BOOT_SIGNATURE, bootRecord, partitionEntry } from "../../src/volume/mbr/layout.ts";
import type { Original, Target } from "./fuzz-module.ts";
import { original } from "./originals.ts";
import type { Patched } from "./patched.ts";

const SECTOR = 512;
const DISK_SECTORS = 2048;
const ENTRY_SECTORS = 32;

interface Slot {
  readonly type: number;
  readonly startLba: number;
  readonly sectorCount: number;
}

/** Two primary partitions and an extended one that holds a chain of three. */
export function mbrDisk(): Original {
  const disk = new Uint8Array(DISK_SECTORS * SECTOR);
  const extended = 1024;
  disk.set(table([slot(0x83, 63, 400), slot(0x07, 512, 512), slot(0x05, extended, 1024)]), 0);
  const records = [extended, extended + 300, extended + 600];
  records.forEach((lba, i) => {
    const next = records[i + 1];
    const link = next === undefined ? [] : [slot(0x05, next - extended, 300)];
    disk.set(table([slot(0x83, 2, 200), ...link]), lba * SECTOR);
  });
  return original("mbr with a chain", disk, [0, ...records.map((lba) => lba * SECTOR)].map(tableTarget));
}

/** Three partitions, a backup table, and a protective MBR; the checksums are made right after most mutations. */
export function gptDisk(): Original {
  const disk = new Uint8Array(DISK_SECTORS * SECTOR);
  disk.set(table([slot(0xee, 1, DISK_SECTORS - 1)]), 0);
  const entries = new Uint8Array(ENTRY_SECTORS * SECTOR);
  for (const [i, [first, last]] of [
    [40, 299],
    [300, 899],
    [1000, 1999],
  ].entries()) {
    const fields = {
      typeGuid: new Uint8Array(16).fill(0xa0 + i),
      partitionGuid: new Uint8Array(16).fill(0xb0 + i),
      firstLba: BigInt(first ?? 0),
      lastLba: BigInt(last ?? 0),
      name: new Uint8Array(Buffer.from(`partition ${i}`, "utf16le")),
    };
    entries.set(gptEntry.encode(fields), i * gptEntry.sizeBytes);
  }
  const last = DISK_SECTORS - 1;
  for (const [myLba, alternateLba, entriesLba] of [
    [1, last, 2],
    [last, 1, last - ENTRY_SECTORS],
  ] as const) {
    disk.set(entries, entriesLba * SECTOR);
    const header = {
      signature: new Uint8Array(Buffer.from("EFI PART")),
      revision: 0x10000,
      headerBytes: gptHeader.sizeBytes,
      myLba: BigInt(myLba),
      alternateLba: BigInt(alternateLba),
      firstUsableLba: 34n,
      lastUsableLba: BigInt(last - ENTRY_SECTORS - 1),
      diskGuid: new Uint8Array(16).fill(0xd1),
      entriesLba: BigInt(entriesLba),
      entryCount: (ENTRY_SECTORS * SECTOR) / gptEntry.sizeBytes,
      entryBytes: gptEntry.sizeBytes,
    };
    disk.set(gptHeader.encode(header), myLba * SECTOR);
  }
  const targets = [
    { name: "header", offsetBytes: SECTOR, lengthBytes: gptHeader.sizeBytes, weight: 4 },
    { name: "entries", offsetBytes: 2 * SECTOR, lengthBytes: 4 * gptEntry.sizeBytes, weight: 2 },
    { name: "backup header", offsetBytes: last * SECTOR, lengthBytes: gptHeader.sizeBytes },
    tableTarget(0),
  ];
  const made = original("gpt", disk, targets, repairGpt);
  repairBytes(disk, (offset, bytes) => disk.set(bytes, offset));
  return made;
}

/** Right CRCs for the tables wherever their headers now say that they lie. */
export function repairGpt(image: Patched): void {
  repairBytes(image.bytes, (offset, bytes) => image.write(offset, bytes));
}

function repairBytes(bytes: Uint8Array, write: (offsetBytes: number, bytes: Uint8Array) => void): void {
  for (const offset of [SECTOR, bytes.length - SECTOR]) {
    if (offset + SECTOR > bytes.length) continue;
    const { entriesLba, entryCount, entryBytes, headerBytes } = gptHeader.view(bytes, offset);
    const start = Number(entriesLba) * SECTOR;
    const end = start + entryCount * entryBytes;
    if (end <= bytes.length) write(offset + gptHeader.offsetOf("entriesCrc32"), u32(crc32(bytes.subarray(start, end))));
    const crcAt = offset + gptHeader.offsetOf("headerCrc32");
    write(crcAt, u32(0));
    write(crcAt, u32(crc32(bytes.subarray(offset, offset + headerBytes))));
  }
}

function table(slots: readonly Slot[]): Uint8Array {
  const entries = new Uint8Array(4 * partitionEntry.sizeBytes);
  for (const [i, fields] of slots.entries()) entries.set(partitionEntry.encode(fields), i * partitionEntry.sizeBytes);
  return bootRecord.encode({ diskSignature: 0x6e6f6d74, entries, signature: BOOT_SIGNATURE });
}

function slot(type: number, startLba: number, sectorCount: number): Slot {
  return { type, startLba, sectorCount };
}

function tableTarget(offsetBytes: number): Target {
  const at = bootRecord.offsetOf("diskSignature");
  return { name: `table at ${offsetBytes}`, offsetBytes: offsetBytes + at, lengthBytes: bootRecord.sizeBytes - at };
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
