import { NomountError } from "../../src/error.ts";
import type { BlockSource, Extent } from "../../src/source/block-source.ts";
import { resolve } from "../../src/source/resolve.ts";
import { checkHelpful } from "./helpful.ts";
import type { Random } from "./random.ts";

/** A mapping may have more extents than a mutant is worth: what comes after these is not looked at. */
const EXTENTS_SEEN = 20_000;
const READ_BYTES = 4096;

/** What a copy would do with a source: go through its extents, and read some of it. Its first fault is not the end. */
export function useSource(source: BlockSource, random: Random): void {
  const { sizeBytes } = source;
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw new Error(`${source.label} has ${sizeBytes} bytes`);
  tolerate(() => {
    let covered = 0;
    let seen = 0;
    for (const extent of resolve(source)) {
      check(extent, source.label);
      covered += extent.lengthBytes;
      if (++seen > EXTENTS_SEEN) return;
    }
    if (covered !== sizeBytes) throw new Error(`${source.label} has ${sizeBytes} bytes, its extents cover ${covered}`);
  });
  for (const place of [0, Math.max(0, sizeBytes - READ_BYTES), random.below(0x100000000) % (sizeBytes + 1)]) {
    tolerate(() => source.readSync(new Uint8Array(Math.min(READ_BYTES, sizeBytes - place)), place));
  }
}

/** Takes a refusal for what it is; any other error is a finding. */
export function tolerate<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NomountError)) throw error;
    checkHelpful(error);
    return undefined;
  }
}

function check(extent: Extent, label: string): void {
  const { kind, lengthBytes } = extent;
  if (!Number.isSafeInteger(lengthBytes) || lengthBytes <= 0) throw new Error(`${label} has an extent of ${lengthBytes} bytes`);
  if (kind === "inline" && extent.bytes.length !== lengthBytes) throw new Error(`${label} has inline bytes of another length`);
  if (kind === "packed" && !(extent.skipBytes >= 0 && extent.skipBytes + lengthBytes <= extent.unitBytes)) {
    throw new Error(
      `${label} wants bytes ${extent.skipBytes} to ${extent.skipBytes + lengthBytes} of a unit of ${extent.unitBytes}`,
    );
  }
  if (kind !== "data") return;
  const { offsetBytes, source } = extent;
  if (!Number.isSafeInteger(offsetBytes) || offsetBytes < 0 || offsetBytes + lengthBytes > source.sizeBytes) {
    throw new Error(
      `${label} has an extent at ${offsetBytes}, ${lengthBytes} bytes long, in a source of ${source.sizeBytes} bytes`,
    );
  }
}
