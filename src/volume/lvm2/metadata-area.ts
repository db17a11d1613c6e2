import { crc32Raw } from "../../bytes/crc32.ts";
import { safeNumber } from "../../bytes/int64.ts";
import { hex, NomountError, type Where } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { ascii, type DiskArea } from "./label.ts";
import {
  CRC_INITIAL,
  LOCATION_IGNORED,
  METADATA_HEADER_BYTES,
  METADATA_MAGIC,
  METADATA_VERSION,
  metadataAreaHeader,
  rawLocation,
} from "./layout.ts";

/** Texts grow with the number of volumes, about 300 bytes a segment: this is over 200,000 of them. */
const MAX_TEXT_BYTES = 64 * 2 ** 20;
/** Texts begin on sectors of 512 bytes. */
const TEXT_ALIGNMENT_BYTES = 512;
/** History is looked for in this much of a ring; lvm2 makes rings of 1 MiB. */
const MAX_RING_BYTES = 64 * 2 ** 20;

const BRACE = 0x7b;

/** A metadata text as it lies in a ring. */
export interface RawText {
  readonly bytes: Uint8Array;
  /** Where it begins on the device. */
  readonly offsetBytes: number;
}

/** The current text of a metadata area, or undefined where it holds none (unused, or ignored). Throws `corrupt`. */
export function currentText(source: BlockSource, area: DiskArea): (RawText & { readonly checksum: number }) | undefined {
  const ring = openRing(source, area);
  const { where, location } = ring;
  if (location.offsetBytes === 0 || (location.flags & LOCATION_IGNORED) !== 0) return undefined;
  const { offsetBytes, sizeBytes } = location;
  if (offsetBytes < METADATA_HEADER_BYTES || offsetBytes >= ring.sizeBytes) {
    throw wrong(`its text begins at ${hex(offsetBytes)}: expected between 0x200 and ${hex(ring.sizeBytes)}`, where);
  }
  if (sizeBytes === 0 || sizeBytes > Math.min(ring.sizeBytes - METADATA_HEADER_BYTES, MAX_TEXT_BYTES)) {
    throw wrong(`its text is ${sizeBytes} bytes long: expected at most what the ring holds`, where);
  }
  const bytes = new Uint8Array(sizeBytes);
  const first = Math.min(sizeBytes, ring.sizeBytes - offsetBytes);
  source.readSync(bytes.subarray(0, first), area.offsetBytes + offsetBytes);
  if (first < sizeBytes) source.readSync(bytes.subarray(first), area.offsetBytes + METADATA_HEADER_BYTES);
  const checksum = crc32Raw(bytes, CRC_INITIAL);
  if (checksum !== location.checksum) {
    throw wrong(`text checksum mismatch: expected ${hex(location.checksum, 8)}, found ${hex(checksum, 8)}`, {
      ...where,
      offsetBytes: area.offsetBytes + offsetBytes,
    });
  }
  return { bytes, offsetBytes: area.offsetBytes + offsetBytes, checksum };
}

/**
 * Every place of the ring where a text begins, the current one and older ones that later ones have not reached. Only the current
 * one has a checksum: whether another is whole, its parser must tell. `bytes` ends where the text does, or the next begins.
 */
export function ringTexts(source: BlockSource, area: DiskArea): readonly RawText[] {
  const { sizeBytes } = openRing(source, area);
  const ringBytes = Math.min(sizeBytes, MAX_RING_BYTES) - METADATA_HEADER_BYTES;
  const start = area.offsetBytes + METADATA_HEADER_BYTES;
  // Twice in a row, so that what wraps lies in one piece.
  const ring = new Uint8Array(ringBytes * 2);
  source.readSync(ring.subarray(0, ringBytes), start);
  ring.copyWithin(ringBytes, 0, ringBytes);
  const begins: number[] = [];
  for (let at = 0; at < ringBytes; at += TEXT_ALIGNMENT_BYTES) if (beginsText(ring, at)) begins.push(at);
  return begins.map((at, i) => {
    const next = begins[i + 1] ?? (begins[0] ?? 0) + ringBytes;
    const nul = ring.subarray(at, next).indexOf(0);
    return { bytes: ring.subarray(at, nul < 0 ? next : at + nul), offsetBytes: start + at };
  });
}

interface Ring {
  readonly sizeBytes: number;
  readonly where: Where;
  readonly location: { offsetBytes: number; sizeBytes: number; checksum: number; flags: number };
}

function openRing(source: BlockSource, area: DiskArea): Ring {
  const where = { label: source.label, offsetBytes: area.offsetBytes };
  if (area.offsetBytes + area.sizeBytes > source.sizeBytes || area.sizeBytes <= METADATA_HEADER_BYTES) {
    throw wrong(`${area.sizeBytes} bytes do not fit on a device of ${source.sizeBytes}`, where);
  }
  const bytes = new Uint8Array(METADATA_HEADER_BYTES);
  source.readSync(bytes, area.offsetBytes);
  const header = metadataAreaHeader.view(bytes);
  const magic = ascii(header.magic);
  if (magic !== METADATA_MAGIC) {
    throw wrong(`magic: expected ${JSON.stringify(METADATA_MAGIC)}, found ${JSON.stringify(magic)}`, where);
  }
  const checksum = crc32Raw(bytes.subarray(metadataAreaHeader.offsetOf("magic")), CRC_INITIAL);
  if (checksum !== header.checksum) {
    throw wrong(`header checksum mismatch: expected ${hex(header.checksum, 8)}, found ${hex(checksum, 8)}`, where);
  }
  if (header.version !== METADATA_VERSION) {
    throw new NomountError("unsupported", `lvm2: metadata area: version ${header.version}: expected 1`, { where });
  }
  if (header.start !== BigInt(area.offsetBytes)) throw wrong(`it says that it begins at ${hex(header.start)}`, where);
  const sizeBytes = safeNumber(header.size, "lvm2: metadata area: size", where);
  if (sizeBytes <= METADATA_HEADER_BYTES || area.offsetBytes + sizeBytes > source.sizeBytes) {
    throw wrong(`its header says ${sizeBytes} bytes, which do not fit on the device`, where);
  }
  const raw = rawLocation.view(bytes, metadataAreaHeader.sizeBytes);
  const location = {
    offsetBytes: safeNumber(raw.offset, "lvm2: metadata area: offset of the text", where),
    sizeBytes: safeNumber(raw.size, "lvm2: metadata area: size of the text", where),
    checksum: raw.checksum,
    flags: raw.flags,
  };
  return { sizeBytes, where, location };
}

/** A text on disk begins with the group's name and, on the next line, its id: the header that files have comes last. */
function beginsText(ring: Uint8Array, at: number): boolean {
  const bytes = ring.subarray(at, at + 256);
  if (!bytes.includes(BRACE)) return false;
  const head = ascii(bytes);
  return /^[A-Za-z0-9+_.][A-Za-z0-9+_.-]* \{\nid = "/.test(head);
}

function wrong(what: string, where: Where): NomountError {
  return new NomountError("corrupt", `lvm2: metadata area: ${what}`, { where });
}
