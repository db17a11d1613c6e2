import { nameFromUtf16le } from "../../../bytes/names.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { bytesAt, isText, type Recogniser, recognised, structAt } from "../recognised.ts";
import { isoDescriptor, udfAnchor, udfLogicalVolume, udfPrimary, udfTag } from "./layout.ts";

const DESCRIPTORS_BYTE = 32768;

export const iso9660: Recogniser = (source) => {
  const descriptor = structAt(source, isoDescriptor, DESCRIPTORS_BYTE);
  if (descriptor === undefined || !isText(descriptor.identifier, "CD001") || descriptor.type !== 1) return undefined;
  const { blockCount, blockBytes, volumeId } = descriptor;
  return recognised("ISO 9660", {
    label: String.fromCharCode(...volumeId).trimEnd(),
    uuid: dateText(descriptor.modifiedDigits) ?? dateText(descriptor.createdDigits),
    sizeBytes: blockCount * blockBytes,
  });
};

/** Sixteen digits as blkid takes them for a UUID: "2024-05-06-07-08-09-00"; undefined where no date was set. */
function dateText(digits: Uint8Array): string | undefined {
  const text = String.fromCharCode(...digits);
  if (!/^\d{16}$/.test(text) || /^0+$/.test(text)) return undefined;
  return text.replace(/^(....)(..)(..)(..)(..)(..)(..)$/, "$1-$2-$3-$4-$5-$6-$7");
}

const BLOCK_SIZES: readonly number[] = [2048, 512, 1024, 4096];
const ANCHOR_BLOCK = 256;
const ANCHOR = 2;
const PRIMARY = 1;
const LOGICAL_VOLUME = 6;
const MAX_DESCRIPTORS = 64;

/** The recognition sequence says UDF; block size and names are found from the anchor on. */
export const udf: Recogniser = (source) => {
  if (!hasRecognitionSequence(source)) return undefined;
  for (const blockBytes of BLOCK_SIZES) {
    const anchor = structAt(source, udfAnchor, ANCHOR_BLOCK * blockBytes);
    if (anchor === undefined || !isTag(anchor.tag, ANCHOR, ANCHOR_BLOCK)) continue;
    const known: { label?: string; uuid?: string } = {};
    const descriptors = Math.min(MAX_DESCRIPTORS, Math.floor(anchor.mainBytes / blockBytes));
    for (let i = 0; i < descriptors; i++) {
      const block = anchor.mainBlock + i;
      const volume = structAt(source, udfLogicalVolume, block * blockBytes);
      const primary = structAt(source, udfPrimary, block * blockBytes);
      if (volume !== undefined && isTag(volume.tag, LOGICAL_VOLUME, block)) known.label = dString(volume.volumeId);
      if (primary !== undefined && isTag(primary.tag, PRIMARY, block)) known.uuid = setUuid(primary.setId);
    }
    return recognised("UDF", known);
  }
  return recognised("UDF");
};

/** "BEA01", then "NSR02" or "NSR03", in blocks of 2048 or, on 4096-byte sectors, 4096 bytes: ECMA-167, 2/8 and 3/9.1. */
function hasRecognitionSequence(source: BlockSource): boolean {
  for (const stepBytes of [2048, 4096]) {
    for (let i = 0; i < 16; i++) {
      const identifier = bytesAt(source, DESCRIPTORS_BYTE + i * stepBytes + 1, 5);
      if (identifier === undefined) break;
      if (isText(identifier, "NSR02") || isText(identifier, "NSR03")) return true;
    }
  }
  return false;
}

function isTag(bytes: Uint8Array, identifier: number, location: number): boolean {
  const tag = udfTag.view(bytes);
  const sum = bytes.reduce((total, byte, i) => (i === udfTag.offsetOf("checksum") ? total : total + byte), 0);
  return tag.identifier === identifier && tag.location === location && tag.checksum === (sum & 0xff);
}

/** OSTA UDF 2.60, 2.1.3: 8 says one byte a character, 16 two, the high one first. */
function dString(field: Uint8Array): string {
  const length = Math.min(field.at(-1) ?? 0, field.length - 1);
  const characters = field.subarray(1, Math.max(1, length));
  if (field[0] !== 16) return String.fromCharCode(...characters);
  const swapped = characters.slice();
  for (let i = 0; i + 1 < swapped.length; i += 2) swapped.set([characters[i + 1] ?? 0, characters[i] ?? 0], i);
  return nameFromUtf16le(swapped);
}

/** As libblkid has it: the first sixteen hexadecimal digits of the volume set's name. */
function setUuid(field: Uint8Array): string {
  const text = dString(field).slice(0, 16);
  return /^[0-9a-fA-F]{16}$/.test(text) ? text.toLowerCase() : "";
}
