import { damageOf } from "../error.ts";
import type { BlockSource } from "../source/block-source.ts";
import { CachedSource } from "../source/cached.ts";
import { pump } from "../source/pump.ts";
import type { Finding } from "./scan/finding.ts";
import { SIGNATURES, type Signature } from "./scan/signatures.ts";
import { EXTENDED_BOOT_RECORD } from "./scan/tables.ts";

export type { Finding } from "./scan/finding.ts";

export interface ScanOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes searched so far. */
  readonly progress?: ((doneBytes: number) => void) | undefined;
  /** Takes stretches that cannot be read; the search goes on behind them. */
  readonly damaged?: ((offsetBytes: number, lengthBytes: number, message: string) => void) | undefined;
}

const SECTOR_BYTES = 512;
const WINDOW_BYTES = 4 * 1024 * 1024;

/**
 * Searches all of a source, sector by sector, for filesystems and tables, and yields those that hold up to a closer look, in
 * the order in which they come up. A copy of a superblock leads to the start of its filesystem, which is yielded once.
 */
export async function* scan(source: BlockSource, options: ScanOptions = {}): AsyncGenerator<Finding> {
  const cached = new CachedSource(source);
  const found = new Map<string, Finding>();
  const { signal, progress, damaged } = options;
  for await (const chunk of pump(source, { windowBytes: WINDOW_BYTES, signal })) {
    if ("fault" in chunk) {
      damaged?.(chunk.offsetBytes, chunk.lengthBytes, chunk.fault.message);
      continue;
    }
    for (const { atBytes, signature } of signaturesIn(chunk.bytes, chunk.offsetBytes)) {
      const finding = lookCloser(signature, cached, atBytes);
      const key = `${signature.family}@${finding?.offsetBytes}`;
      if (finding === undefined || found.has(key) || isLinkOfKnown(finding, found.values())) continue;
      found.set(key, finding);
      yield finding;
    }
    progress?.(chunk.offsetBytes + chunk.bytes.length);
  }
  progress?.(source.sizeBytes);
}

interface Hit {
  readonly atBytes: number;
  readonly signature: Signature;
}

/** Where in a sector signatures begin, and for each place which bytes they can begin with: a table of 256 flags. */
const PLACES = Uint16Array.from(new Set(SIGNATURES.map(({ atByte }) => atByte)));
const FIRST_BYTES = new Uint8Array(PLACES.length * 256);
for (const { atByte, magic } of SIGNATURES) FIRST_BYTES[PLACES.indexOf(atByte) * 256 + magic.charCodeAt(0)] = 1;

/**
 * The sectors that show a signature. Every sector of the source comes through this loop, so it looks at one byte a place and
 * allocates nothing; as a generator over words it took four times as long.
 */
function signaturesIn(bytes: Uint8Array, offsetBytes: number): readonly Hit[] {
  const hits: Hit[] = [];
  const first = (SECTOR_BYTES - (offsetBytes % SECTOR_BYTES)) % SECTOR_BYTES;
  for (let at = first; at + SECTOR_BYTES <= bytes.length; at += SECTOR_BYTES) {
    for (let i = 0; i < PLACES.length; i++) {
      const place = PLACES[i] ?? 0;
      if (FIRST_BYTES[(i << 8) | (bytes[at + place] ?? 0)] === 0) continue;
      for (const signature of SIGNATURES) {
        if (signature.atByte === place && shows(bytes, at + place, signature.magic))
          hits.push({ atBytes: offsetBytes + at, signature });
      }
    }
  }
  return hits;
}

function shows(bytes: Uint8Array, at: number, magic: string): boolean {
  for (let i = 0; i < magic.length; i++) if (bytes[at + i] !== magic.charCodeAt(i)) return false;
  return true;
}

/** What cannot be read for a closer look is no finding; the end of the source itself is thrown. */
function lookCloser({ detect }: Signature, source: BlockSource, atBytes: number): Finding | undefined {
  try {
    return detect(source, atBytes);
  } catch (error) {
    damageOf(error);
    return undefined;
  }
}

/** A link in the chain of a partition table that was found: nothing by itself. */
function isLinkOfKnown({ format, offsetBytes }: Finding, found: Iterable<Finding>): boolean {
  if (format !== EXTENDED_BOOT_RECORD) return false;
  for (const other of found) {
    const covers = other.offsetBytes < offsetBytes && offsetBytes < other.offsetBytes + (other.sizeBytes ?? 0);
    if (other.format === "mbr" && covers) return true;
  }
  return false;
}
