import type { BlockSource } from "./block-source.ts";
import { readElsewhere } from "./elsewhere.ts";
import { ExtentReader, type Shortfall } from "./extent-reader.ts";
import { checkRange } from "./range.ts";
import { resolve } from "./resolve.ts";
import { type Chunk, chunksOf, layOut, type Placed, type Window, windows } from "./window.ts";

export interface PumpOptions {
  readonly offsetBytes?: number | undefined;
  readonly lengthBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How much is read before any of it is given out; measured: from 256 KiB on the page cache's own speed. */
  readonly windowBytes?: number | undefined;
  /** How many windows are being read while one is used. */
  readonly ahead?: number | undefined;
  /** The bytes of a chunk stay as they are for ever, at the price of new memory for each window. Default false. */
  readonly keepBytes?: boolean | undefined;
}

const WINDOW_BYTES = 512 * 1024;
const AHEAD = 2;

/**
 * The content of a source (or a range of it) as chunks in ascending order: reads are resolved to the roots, merged, large,
 * several in flight. Holes are absent, and so is everything else that reads as zeros without being stored. What cannot be
 * read comes as a chunk with its fault, and the rest still comes. The bytes of a chunk are valid until the next is asked
 * for. Throws when the source has died (a fatal `SourceError`), and the signal's reason when it is aborted.
 */
export async function* pump(source: BlockSource, options: PumpOptions = {}): AsyncGenerator<Chunk, void, undefined> {
  const { offsetBytes = 0, signal, keepBytes = false } = options;
  const { lengthBytes = source.sizeBytes - offsetBytes, windowBytes = WINDOW_BYTES, ahead = AHEAD } = options;
  checkRange(source, offsetBytes, lengthBytes);
  const reader = new ExtentReader();
  const spare: Uint8Array[] = [];
  const parts = windows(resolve(source, offsetBytes, lengthBytes), offsetBytes, windowBytes);
  const reading: Promise<{ window: Window; shortfalls: readonly Shortfall[] }>[] = [];
  const read = async (part: readonly Placed[]) => {
    const window = layOut(part, spare.pop() ?? new Uint8Array(Math.min(windowBytes, lengthBytes)));
    const shortfalls = await reader.read(
      window.pieces.map((piece) => piece.wanted),
      signal,
    );
    if (shortfalls.length === 0) return { window, shortfalls };
    return { window, shortfalls: await readElsewhere(source, window, shortfalls, signal) };
  };
  const readNext = (): void => {
    const next = parts.next();
    if (next.done === true) return;
    const result = read(next.value);
    // Its failure is thrown in its turn, which may be later than the runtime waits for somebody to take it.
    result.catch(() => undefined);
    reading.push(result);
  };
  try {
    signal?.throwIfAborted();
    for (let i = 0; i <= ahead; i++) readNext();
    for (let first = reading.shift(); first !== undefined; first = reading.shift()) {
      const { window, shortfalls } = await first;
      yield* chunksOf(window, shortfalls);
      signal?.throwIfAborted();
      if (!keepBytes) spare.push(window.buffer);
      readNext();
    }
  } finally {
    // Reads that are under way still own their buffers.
    await Promise.allSettled(reading);
  }
}
