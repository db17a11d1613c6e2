import { crc32Raw } from "../../src/bytes/crc32.ts";
import { crc32c } from "../../src/bytes/crc32c.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { readLabel } from "../../src/volume/lvm2/label.ts";
import {
  CRC_INITIAL,
  diskArea,
  LABEL_ID,
  LABEL_TYPE,
  labelHeader,
  METADATA_HEADER_BYTES,
  METADATA_MAGIC,
  METADATA_VERSION,
  metadataAreaHeader,
  physicalVolumeHeader,
  rawLocation,
} from "../../src/volume/lvm2/layout.ts";
import { currentText } from "../../src/volume/lvm2/metadata-area.ts";

/** Replaces the current text of every metadata area of a physical volume and makes the checksums right again. */
export function changeText(physical: Uint8Array, change: (text: string) => string): void {
  const source = new MemorySource(physical);
  for (const area of readLabel(source).metadataAreas) {
    const raw = currentText(source, area);
    if (raw === undefined) continue;
    const nul = raw.bytes.indexOf(0);
    const text = new TextEncoder().encode(`${change(new TextDecoder().decode(raw.bytes.subarray(0, nul)))}\0`);
    physical.set(text, area.offsetBytes + METADATA_HEADER_BYTES);
    const location = rawLocation.encode({
      offset: BigInt(METADATA_HEADER_BYTES),
      size: BigInt(text.length),
      checksum: crc32Raw(text, CRC_INITIAL),
    });
    physical.set(location, area.offsetBytes + metadataAreaHeader.sizeBytes);
    repairAreaHeader(physical, area.offsetBytes);
  }
}

/** Makes the checksum of a metadata area's header right. */
export function repairAreaHeader(physical: Uint8Array, areaBytes: number): void {
  const header = physical.subarray(areaBytes, areaBytes + METADATA_HEADER_BYTES);
  const checksum = crc32Raw(header.subarray(metadataAreaHeader.offsetOf("magic")), CRC_INITIAL);
  new DataView(header.buffer, header.byteOffset).setUint32(0, checksum, true);
}

/** Makes the checksum of a thin pool's metadata block right: its seed tells a superblock (160774) from a node (121107). */
export function repairThinBlock(block: Uint8Array, checksumXor: number): void {
  const checksum = (crc32c(block.subarray(4), 0xffffffff) ^ checksumXor) >>> 0;
  new DataView(block.buffer, block.byteOffset).setUint32(0, checksum, true);
}

/** A physical volume of these bytes with a label and one metadata area that holds this text. Its UUID is 32 times "C". */
export function withText(physical: Uint8Array, text: string): Uint8Array {
  const encode = (value: string) => new TextEncoder().encode(value);
  const areaBytes = 4096;
  const ringBytes = physical.length - areaBytes;
  const header = metadataAreaHeader.encode({
    magic: encode(METADATA_MAGIC),
    version: METADATA_VERSION,
    start: BigInt(areaBytes),
    size: BigInt(ringBytes),
  });
  physical.set(header, areaBytes);
  const bytes = encode(`${text}\0`);
  physical.set(bytes, areaBytes + METADATA_HEADER_BYTES);
  const location = {
    offset: BigInt(METADATA_HEADER_BYTES),
    size: BigInt(bytes.length),
    checksum: crc32Raw(bytes, CRC_INITIAL),
  };
  physical.set(rawLocation.encode(location), areaBytes + header.length);
  repairAreaHeader(physical, areaBytes);
  const sector = physical.subarray(512, 1024);
  const label = { id: encode(LABEL_ID), sector: 1n, contentsOffset: 32, type: encode(LABEL_TYPE) };
  sector.set(labelHeader.encode(label));
  sector.set(physicalVolumeHeader.encode({ uuid: encode("C".repeat(32)), deviceBytes: BigInt(physical.length) }), 32);
  sector.set(diskArea.encode({ offset: 2n ** 20n, size: 0n }), 72);
  sector.set(diskArea.encode({ offset: BigInt(areaBytes), size: BigInt(ringBytes) }), 104);
  const checksum = crc32Raw(sector.subarray(labelHeader.offsetOf("contentsOffset")), CRC_INITIAL);
  new DataView(sector.buffer, sector.byteOffset).setUint32(labelHeader.offsetOf("checksum"), checksum, true);
  return physical;
}
