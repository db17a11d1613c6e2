import { NomountError } from "../../error.ts";
import type { Extent } from "../../source/block-source.ts";
import { takesRoom } from "../../source/window.ts";
import type { Lost } from "./apply.ts";
import type { Result } from "./folder-writer.ts";
import type { Native } from "./native.ts";
import type { NewFile } from "./new-file.ts";

/** A file of which more is stored is written in parts by several threads. */
export const LARGE_FILE_BYTES = 32 * 1024 * 1024;
/** And so is one whose plan would be so long. */
export const LARGE_FILE_EXTENTS = 8192;

const PART_BYTES = 8 * 1024 * 1024;
const PART_EXTENTS = 4096;

export interface FilePart {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly extents: readonly Extent[];
}

/** A content in parts, each of some MiB that are stored; a part ends between two extents, or inside one of plain data. */
export function* fileParts(extents: Iterable<Extent>): Generator<FilePart> {
  let part: Extent[] = [];
  let start = 0;
  let at = 0;
  let stored = 0;
  for (const extent of extents) {
    for (const piece of pieces(extent)) {
      part.push(piece);
      at += piece.lengthBytes;
      if (takesRoom(piece)) stored += piece.lengthBytes;
      if (stored < PART_BYTES && part.length < PART_EXTENTS) continue;
      yield { offsetBytes: start, lengthBytes: at - start, extents: part };
      part = [];
      start = at;
      stored = 0;
    }
  }
  if (part.length > 0) yield { offsetBytes: start, lengthBytes: at - start, extents: part };
}

function* pieces(extent: Extent): Generator<Extent> {
  if (extent.kind !== "data") {
    yield extent;
    return;
  }
  for (let skip = 0; skip < extent.lengthBytes; skip += PART_BYTES) {
    const lengthBytes = Math.min(PART_BYTES, extent.lengthBytes - skip);
    yield { ...extent, lengthBytes, offsetBytes: extent.offsetBytes + skip };
  }
}

/** A file while its parts are written, in whatever order they are done; the last one completes it. */
export class LargeFile {
  readonly #file: NewFile;
  readonly #sizeBytes: number;
  readonly #native: Native | undefined;
  readonly #lost: Lost;
  readonly #ended: (error: unknown) => void;
  /** Parts under way, and one for the planning. */
  #open = 1;
  #error: unknown;
  #abandoned = false;

  /** `ended` is told once: undefined when the file is whole, or why it is not. Of an abandoned one nothing is told. */
  constructor(file: NewFile, sizeBytes: number, native: Native | undefined, lost: Lost, ended: (error: unknown) => void) {
    this.#file = file;
    this.#sizeBytes = sizeBytes;
    this.#native = native;
    this.#lost = lost;
    this.#ended = ended;
  }

  /** Whether there is no use in writing more parts. */
  get isOver(): boolean {
    return this.#abandoned || this.#error !== undefined || this.#file.spoilt;
  }

  partBegun(): void {
    this.#open += 1;
  }

  partDone({ findings, jobsDone }: Result): void {
    for (const finding of findings) {
      if (finding.kind === "bad") this.#file.write(finding);
      else if (finding.kind === "failed") this.#error ??= new NomountError(finding.fault.kind, finding.fault.message);
    }
    if (jobsDone === 0) this.#abandoned = true;
    this.#close();
  }

  /** No more parts will come; `error`: why, when there should be. */
  planned(error?: unknown): void {
    this.#error ??= error;
    this.#close();
  }

  /** It will not be whole: the last part under way takes it away. */
  abandon(): void {
    this.#abandoned = true;
  }

  /** Takes away what is not whole, when no part is under way any more; does nothing after the end. */
  discard(): void {
    this.#file.discard();
  }

  #close(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    if (this.#abandoned) {
      this.#file.discard();
      return;
    }
    let error = this.#error;
    try {
      if (error === undefined) {
        const fault = this.#file.complete(this.#sizeBytes, this.#native, this.#lost);
        if (fault !== undefined) error = new NomountError(fault.kind, fault.message);
      } else this.#file.discard();
    } catch (thrown) {
      this.#file.discard();
      error = thrown;
    }
    this.#ended(error);
  }
}
