import { crc32 } from "../../bytes/crc32.ts";
import { guidText } from "../../bytes/guid.ts";
import { safeNumber } from "../../bytes/int64.ts";
import { hex, NomountError, type Where } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { gptEntry, gptHeader } from "./layout.ts";

const SIGNATURE = "EFI PART";

/** A table this long holds 65,536 entries of the usual size; more shows that the header is no header. */
const MAX_ENTRIES_BYTES = 8 * 1024 * 1024;
const MAX_ENTRY_BYTES = 4096;

/** A header and its entries, both checked. */
export interface Gpt {
  readonly sectorBytes: number;
  readonly diskGuid: string;
  readonly myLba: number;
  readonly alternateLba: number;
  /** Exclusive. */
  readonly usableEndLba: number;
  readonly entryBytes: number;
  readonly entries: Uint8Array;
}

/** Whether a sector begins as a GPT header does. */
export function hasSignature(source: BlockSource, offsetBytes: number): boolean {
  if (offsetBytes < 0 || offsetBytes + gptHeader.sizeBytes > source.sizeBytes) return false;
  const bytes = new Uint8Array(SIGNATURE.length);
  source.readSync(bytes, offsetBytes);
  return String.fromCharCode(...bytes) === SIGNATURE;
}

/** The table whose header lies at `lba`. Throws `corrupt` naming what does not hold. */
export function readGpt(source: BlockSource, lba: number, sectorBytes: number): Gpt {
  const offsetBytes = lba * sectorBytes;
  const where: Where = { label: source.label, offsetBytes };
  const fail = (what: string): NomountError => new NomountError("corrupt", `gpt: header: ${what}`, { where });
  if (offsetBytes + sectorBytes > source.sizeBytes) throw fail(`it lies beyond the end at byte ${source.sizeBytes}`);
  const sector = new Uint8Array(sectorBytes);
  source.readSync(sector, offsetBytes);
  const header = gptHeader.view(sector, 0, where);
  const signature = String.fromCharCode(...header.signature);
  if (signature !== SIGNATURE) throw fail(`expected signature "${SIGNATURE}", found ${bytesInHex(header.signature)}`);
  const { headerBytes } = header;
  if (headerBytes < gptHeader.sizeBytes || headerBytes > sectorBytes) {
    throw fail(`expected a size of ${gptHeader.sizeBytes} to ${sectorBytes} bytes, found ${headerBytes}`);
  }
  const crc = headerCrc(sector.subarray(0, headerBytes));
  if (crc !== header.headerCrc32) throw fail(`CRC mismatch: expected ${hex(header.headerCrc32, 8)}, found ${hex(crc, 8)}`);
  if (header.myLba !== BigInt(lba)) throw fail(`expected its own LBA ${lba}, found ${header.myLba}`);
  const { entryCount, entryBytes } = header;
  if (entryBytes < gptEntry.sizeBytes || entryBytes > MAX_ENTRY_BYTES || entryBytes % 8 !== 0) {
    throw fail(`expected an entry size of ${gptEntry.sizeBytes} to ${MAX_ENTRY_BYTES} bytes, found ${entryBytes}`);
  }
  if (entryCount * entryBytes > MAX_ENTRIES_BYTES) {
    throw fail(`${entryCount} entries of ${entryBytes} bytes: expected at most ${MAX_ENTRIES_BYTES} bytes in all`);
  }
  const entries = readEntries(
    source,
    safeNumber(header.entriesLba, "gpt: entries LBA", where) * sectorBytes,
    entryCount * entryBytes,
  );
  const entriesCrc = crc32(entries);
  if (entriesCrc !== header.entriesCrc32) {
    throw fail(
      `CRC mismatch of its ${entryCount} entries: expected ${hex(header.entriesCrc32, 8)}, found ${hex(entriesCrc, 8)}`,
    );
  }
  return {
    sectorBytes,
    diskGuid: guidText(header.diskGuid),
    myLba: lba,
    alternateLba: safeNumber(header.alternateLba, "gpt: alternate LBA", where),
    usableEndLba: safeNumber(header.lastUsableLba, "gpt: last usable LBA", where) + 1,
    entryBytes,
    entries,
  };
}

function readEntries(source: BlockSource, offsetBytes: number, lengthBytes: number): Uint8Array {
  if (!Number.isSafeInteger(offsetBytes) || offsetBytes + lengthBytes > source.sizeBytes) {
    const text = `gpt: entries: ${lengthBytes} bytes are expected at byte ${offsetBytes}, beyond the end at byte ${source.sizeBytes}`;
    throw new NomountError("corrupt", text, { where: { label: source.label } });
  }
  const entries = new Uint8Array(lengthBytes);
  source.readSync(entries, offsetBytes);
  return entries;
}

function headerCrc(header: Uint8Array): number {
  const at = gptHeader.offsetOf("headerCrc32");
  const withZero = header.slice();
  withZero.fill(0, at, at + 4);
  return crc32(withZero);
}

function bytesInHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
