import { bootSector, fileRecord, indexBlock } from "../../src/filesystem/ntfs/layout.ts";
import type { Original, Target } from "./fuzz-module.ts";
import { original } from "./originals.ts";
import type { Patched } from "./patched.ts";

const FILE_SIGNATURE = 0x454c4946;
const INDX_SIGNATURE = 0x58444e49;
const SECTOR_BYTES = 512;
const LOG_HEAD_BYTES = 8192;
const LOG_SIGNATURE = 0x52545352;

/** As it is, and with the update sequences made right after each mutation, since a torn record is refused before it is parsed. */
export function ntfsOriginals(name: string, bytes: Uint8Array): readonly Original[] {
  const targets = targetsOf(bytes);
  return [original(name, bytes, targets), original(`${name}, never torn`, bytes, targets, (image) => mend(image, targets))];
}

function targetsOf(bytes: Uint8Array): readonly Target[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Target[] = [];
  const blocks: Target[] = [];
  const packed: Target[] = [];
  for (let at = SECTOR_BYTES; at + 4096 <= bytes.length; at += SECTOR_BYTES) {
    const signature = view.getUint32(at, true);
    if (signature === FILE_SIGNATURE && isUsed(view, at))
      records.push({
        name: "FILE record",
        offsetBytes: at,
        lengthBytes: view.getUint32(at + fileRecord.offsetOf("usedBytes"), true),
      });
    if (signature === INDX_SIGNATURE) blocks.push({ name: "INDX block", offsetBytes: at, lengthBytes: 4096 });
    if (signature === LOG_SIGNATURE) packed.push({ name: "restart page", offsetBytes: at, lengthBytes: LOG_HEAD_BYTES });
    // A compressed chunk of LZNT1 begins with a header of 0xbnnn; data of the fixtures hardly ever does.
    if (at % 4096 === 0 && (view.getUint16(at, true) & 0xf000) === 0xb000)
      packed.push({ name: "LZNT1 unit", offsetBytes: at, lengthBytes: 4096 });
  }
  const spread = (targets: readonly Target[], weight: number) =>
    targets.map((target) => ({ ...target, weight: weight / targets.length }));
  return [
    { name: "boot sector", offsetBytes: 0, lengthBytes: bootSector.offsetOf("bootCode"), weight: 2 },
    { name: "backup boot sector", offsetBytes: bytes.length - SECTOR_BYTES, lengthBytes: 96, weight: 0.5 },
    ...spread(records.slice(0, 12), 4),
    ...spread(records.slice(12), 16),
    ...spread(blocks, 6),
    ...spread(packed, 3),
  ];
}

function isUsed(view: DataView, at: number): boolean {
  const usedBytes = view.getUint32(at + fileRecord.offsetOf("usedBytes"), true);
  return (view.getUint16(at + fileRecord.offsetOf("flags"), true) & 1) === 1 && usedBytes > 0 && usedBytes <= 4096;
}

/** Writes the sequence number to the end of each stride, the way a writer does; what was there is lost. */
function mend(image: Patched, targets: readonly Target[]): void {
  const view = new DataView(image.bytes.buffer, image.bytes.byteOffset, image.bytes.byteLength);
  for (const { name, offsetBytes } of targets) {
    if (name !== "FILE record" && name !== "INDX block") continue;
    const usaOffset = indexBlock.offsetOf("updateSequenceOffset");
    if (offsetBytes + 4096 > image.bytes.length) continue;
    const usa = view.getUint16(offsetBytes + usaOffset, true);
    const count = view.getUint16(offsetBytes + usaOffset + 2, true);
    if (usa + 2 > SECTOR_BYTES || count < 2 || count > 9) continue;
    const sequence = image.bytes.slice(offsetBytes + usa, offsetBytes + usa + 2);
    for (let i = 1; i < count; i++) {
      const end = offsetBytes + i * SECTOR_BYTES - 2;
      if (image.bytes[end] !== sequence[0] || image.bytes[end + 1] !== sequence[1]) image.write(end, sequence);
    }
  }
}
