import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { NomountError } from "../../error.ts";
import { reason } from "../failure.ts";
import { type ManifestRecord, RecordParser } from "./record.ts";

const READ_BYTES = 256 * 1024;
/** No path and no link target is so long: what has no line break for so many bytes is no manifest. */
const MAX_LINE_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** A record with where its lines lie in the file. */
export interface PlacedRecord {
  readonly record: ManifestRecord;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** A manifest on disk, read in pieces: it may be larger than the memory. */
export class ManifestFile {
  readonly path: string;
  readonly #fd: number;
  readonly sizeBytes: number;

  /** Throws `path` where it cannot be read. */
  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, "r");
      this.sizeBytes = fstatSync(this.#fd).size;
    } catch (error) {
      throw new NomountError("path", `${path} cannot be read: ${reason(error)}`, { cause: error });
    }
  }

  /** All records in order. A last one that is cut off, as a killed run leaves it, is left out. Throws `corrupt`. */
  *records(): Generator<PlacedRecord> {
    const parser = new RecordParser(this.path);
    let start = 0;
    for (const { line, endBytes } of this.#lines(0)) {
      const isInside = parser.isInside;
      const record = parser.line(line);
      if (record !== undefined) yield { record, offsetBytes: start, lengthBytes: endBytes - start };
      if (record !== undefined || (!isInside && !parser.isInside)) start = endBytes;
    }
  }

  /** The record that begins at a place which `records` has told. */
  recordAt(offsetBytes: number): ManifestRecord {
    const parser = new RecordParser(this.path);
    for (const { line } of this.#lines(offsetBytes)) {
      const record = parser.line(line);
      if (record !== undefined) return record;
    }
    throw new NomountError("corrupt", `${this.path} has changed while it was used`);
  }

  bytes({ offsetBytes, lengthBytes }: PlacedRecord): Uint8Array {
    const bytes = new Uint8Array(lengthBytes);
    for (let at = 0; at < lengthBytes; ) {
      const length = readSync(this.#fd, bytes, at, lengthBytes - at, offsetBytes + at);
      if (length === 0) throw new NomountError("corrupt", `${this.path} has changed while it was used`);
      at += length;
    }
    return bytes;
  }

  close(): void {
    closeSync(this.#fd);
  }

  *#lines(fromBytes: number): Generator<{ readonly line: Uint8Array; readonly endBytes: number }> {
    let pending = new Uint8Array();
    let at = fromBytes;
    // One record is short; a whole file is read in long pieces.
    for (let wanted = fromBytes === 0 ? READ_BYTES : 1024; at < this.sizeBytes; wanted = READ_BYTES) {
      const buffer = new Uint8Array(wanted);
      const length = readSync(this.#fd, buffer, 0, wanted, at);
      if (length === 0) return;
      const bytes = Buffer.concat([pending, buffer.subarray(0, length)]);
      const startBytes = at - pending.length;
      at += length;
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        yield { line: bytes.subarray(start, end), endBytes: startBytes + end + 1 };
        start = end + 1;
      }
      pending = Uint8Array.from(bytes.subarray(start));
      if (pending.length > MAX_LINE_BYTES)
        throw new NomountError("corrupt", `${this.path}: a line of more than ${MAX_LINE_BYTES} bytes is none of a manifest`);
    }
  }
}
