import { Readable } from "node:stream";
import { NomountError } from "../error.ts";
import type { BlockSource } from "../source/block-source.ts";
import { pump } from "../source/pump.ts";

export interface ReadableOptions {
  /** The first byte. Default 0. */
  readonly start?: number | undefined;
  /** The last byte, inclusive as `fs.createReadStream` has it. Default: the last of the source. */
  readonly end?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const ZEROS = new Uint8Array(65_536);

/**
 * A source's bytes as a stream, holes as zeros, read ahead and with back-pressure. A range that cannot be read ends the stream
 * with its error: no byte is made up. Throws RangeError for a range outside of the source.
 */
export function readable(source: BlockSource, options: ReadableOptions = {}): Readable {
  const { start = 0, end = source.sizeBytes - 1, signal } = options;
  const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end < source.sizeBytes;
  if (!isRange || end < start - 1) throw new RangeError(`${source.label}: bytes ${start} to ${end} of ${source.sizeBytes}`);
  return Readable.from(bytesOf(source, start, end + 1, signal), { objectMode: false });
}

async function* bytesOf(source: BlockSource, start: number, end: number, signal: AbortSignal | undefined) {
  let at = start;
  for await (const chunk of pump(source, { offsetBytes: start, lengthBytes: end - start, signal, keepBytes: true })) {
    yield* zeros(chunk.offsetBytes - at);
    if ("fault" in chunk) {
      const { label } = source;
      throw new NomountError(chunk.fault.kind, chunk.fault.message, { where: { label, offsetBytes: chunk.offsetBytes } });
    }
    yield chunk.bytes;
    at = chunk.offsetBytes + chunk.bytes.length;
  }
  yield* zeros(end - at);
}

function* zeros(count: number): Generator<Uint8Array> {
  for (let rest = count; rest > 0; rest -= ZEROS.length) yield ZEROS.subarray(0, Math.min(rest, ZEROS.length));
}
