import { NomountError } from "../error.ts";
import { DIRECT_BYTES, type Direct, loadDirect } from "../sink/direct.ts";
import type { BlockSource, Place } from "../source/block-source.ts";
import { pump } from "../source/pump.ts";
import { resolve } from "../source/resolve.ts";
import type { Output } from "./output.ts";

/** Of less, loading what it takes would cost more than it saves. */
const LOAD_DIRECT_BYTES = 8 * 1024 * 1024;
/** So much goes at once, while the system reads as much ahead. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** A stretch of small extents ends here, so that its first bytes need not wait for the map of all. */
const STRETCH_BYTES = 64 * 1024 * 1024;

interface Stretch {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Where it lies in a root, as a whole; undefined of what has to be read in smaller pieces, or is not stored at all. */
  readonly place: Place | undefined;
}

/** Writes a content to an output, holes as zeros; yields how many bytes each write has brought. Throws where bytes are lost. */
export async function* pour(content: BlockSource, output: Output): AsyncGenerator<number> {
  const direct = content.sizeBytes < LOAD_DIRECT_BYTES ? undefined : await loadDirect();
  if (direct === undefined) {
    yield* pourRange(content, 0, content.sizeBytes, output);
    return;
  }
  output.flush();
  direct.enlargePipe(output.fd);
  let held: Stretch | undefined;
  for (const stretch of stretches(content)) {
    if (stretch.place !== undefined) direct.expect(stretch.place, stretch.lengthBytes);
    if (held !== undefined) yield* pourStretch(content, held, direct, output);
    held = stretch;
  }
  if (held !== undefined) yield* pourStretch(content, held, direct, output);
}

async function* pourStretch(
  content: BlockSource,
  { offsetBytes, lengthBytes, place }: Stretch,
  direct: Direct,
  output: Output,
): AsyncGenerator<number> {
  const sentBytes = place === undefined ? 0 : direct.send(output.fd, place, lengthBytes);
  if (sentBytes > 0) yield sentBytes;
  if (sentBytes < lengthBytes) yield* pourRange(content, offsetBytes + sentBytes, lengthBytes - sentBytes, output);
}

async function* pourRange(
  content: BlockSource,
  offsetBytes: number,
  lengthBytes: number,
  output: Output,
): AsyncGenerator<number> {
  let at = offsetBytes;
  const fillTo = (end: number): number => {
    const zeros = end - at;
    output.zeros(zeros);
    at = end;
    return zeros;
  };
  for await (const chunk of pump(content, { offsetBytes, lengthBytes })) {
    yield fillTo(chunk.offsetBytes);
    if ("fault" in chunk)
      throw new NomountError(chunk.fault.kind, `lost from byte ${chunk.offsetBytes} on: ${chunk.fault.message}`);
    output.bytes(chunk.bytes);
    at += chunk.bytes.length;
    yield chunk.bytes.length;
  }
  yield fillTo(offsetBytes + lengthBytes);
}

/** A content in order: long extents of a root in pieces, and what is between them. */
function* stretches(content: BlockSource): Generator<Stretch> {
  let at = 0;
  let end = 0;
  const between = (): Stretch => ({ offsetBytes: at, lengthBytes: end - at, place: undefined });
  for (const extent of resolve(content)) {
    if (extent.kind === "data" && extent.lengthBytes >= DIRECT_BYTES) {
      if (end > at) yield between();
      for (let skip = 0; skip < extent.lengthBytes; skip += PIECE_BYTES) {
        const place = { source: extent.source, offsetBytes: extent.offsetBytes + skip };
        yield { offsetBytes: end + skip, lengthBytes: Math.min(PIECE_BYTES, extent.lengthBytes - skip), place };
      }
      at = end + extent.lengthBytes;
    }
    end += extent.lengthBytes;
    if (end - at >= STRETCH_BYTES) {
      yield between();
      at = end;
    }
  }
  if (end > at) yield between();
}
