import { damageOf } from "../error.ts";
import type { BlockSource, Extent } from "./block-source.ts";
import type { Shortfall } from "./extent-reader.ts";
import { resolve } from "./resolve.ts";
import type { Window } from "./window.ts";

/** What is bad is a sector, seldom more: the good parts around it need not be computed. */
const PIECE_BYTES = 4096;

/**
 * Which of the shortfalls remain when what could not be read is had from elsewhere: another leg of a mirror, parity. What can be had
 * is put in its place. Sources that know of an elsewhere use it in their own `read`.
 */
export async function readElsewhere(
  source: BlockSource,
  { pieces }: Window,
  shortfalls: readonly Shortfall[],
  signal?: AbortSignal,
): Promise<readonly Shortfall[]> {
  const left: Shortfall[] = [];
  for (const shortfall of shortfalls) {
    const { wanted, skipBytes, lengthBytes } = shortfall;
    const piece = pieces.find((one) => one.wanted === wanted);
    const start = (piece?.offsetBytes ?? 0) + skipBytes;
    if (piece === undefined || !hasElsewhere(source, wanted.extent, start, shortfall)) {
      left.push(shortfall);
      continue;
    }
    for (let at = 0; at < lengthBytes; at += PIECE_BYTES) {
      signal?.throwIfAborted();
      const pieceBytes = Math.min(PIECE_BYTES, lengthBytes - at);
      const into = wanted.into.subarray(skipBytes + at, skipBytes + at + pieceBytes);
      try {
        await source.read(into, start + at, signal);
      } catch (error) {
        damageOf(error);
        into.fill(0);
        left.push({ ...shortfall, skipBytes: skipBytes + at, lengthBytes: pieceBytes });
      }
    }
  }
  return left;
}

/** Whether a range would be read from another place if this one is to be avoided; of what is computed that may be. */
function hasElsewhere(source: BlockSource, extent: Extent, startBytes: number, { skipBytes, lengthBytes }: Shortfall): boolean {
  if (extent.kind === "packed") return true;
  if (extent.kind !== "data") return false;
  const bad = { source: extent.source, offsetBytes: extent.offsetBytes + skipBytes, lengthBytes };
  const [first, second] = resolve(source, startBytes, lengthBytes, [bad]);
  return second !== undefined || first?.kind !== "data" || first.source !== bad.source || first.offsetBytes !== bad.offsetBytes;
}
