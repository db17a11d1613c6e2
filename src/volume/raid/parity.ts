import { NomountError } from "../../error.ts";
import type { BlockSource, Extent, RootRange } from "../../source/block-source.ts";
import { gfDivide, gfPower } from "../../source/codec/raid6.ts";
import { type Leg, lost, steadyBytes, usable } from "./leg.ts";
import type { ParityLayout, ParityRow } from "./parity-layout.ts";
import { RedundantSource } from "./redundant-source.ts";

export interface ParityArray {
  readonly label: string;
  readonly sizeBytes: number;
  /** All devices, in the order of the array. */
  readonly legs: readonly Leg[];
  readonly chunkBytes: number;
  readonly layout: ParityLayout;
  /** Whether the parity of a range of each device is known to fit the data: it may still be in the making. */
  readonly parityFits: (offsetBytes: number, lengthBytes: number) => boolean;
}

/** Chunks of data with parity in every row: what a device does not give is computed from the others, as far as the level bears. */
export function paritySource(array: ParityArray): BlockSource {
  const { label, sizeBytes, legs, chunkBytes, layout } = array;
  const rows = new Map<number, ParityRow>();
  // Every layout repeats after so many rows.
  const period = legs.length * Math.max(1, legs.length - 1);
  const dataDevices = legs.length - layout.parities;
  const uneven = legs.filter(({ goodBytes, bad = [] }) => Number.isFinite(goodBytes) || bad.length > 0);
  return new RedundantSource(label, sizeBytes, function* (offsetBytes, lengthBytes, avoid): Generator<Extent> {
    const end = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < end; ) {
      const chunk = Math.floor(at / chunkBytes);
      const inChunk = at - chunk * chunkBytes;
      const number = Math.floor(chunk / dataDevices);
      const start = number * chunkBytes + inChunk;
      const length = uneven.reduce((least, leg) => steadyBytes(leg, start, least), Math.min(chunkBytes - inChunk, end - at));
      let row = rows.get(number % period);
      if (row === undefined) {
        row = layout.row(number % period, legs.length);
        rows.set(number % period, row);
      }
      const index = chunk - number * dataDevices;
      const leg = legs[row.data[index] ?? -1];
      if (leg?.source !== undefined && usable(leg, start, length, avoid)) {
        yield { kind: "data", lengthBytes: length, source: leg.source, offsetBytes: start };
      } else {
        yield computed(array, row, index, start, length, avoid);
      }
      at += length;
    }
  });
}

/** A range of one data chunk from the other devices of its row. */
function computed(
  array: ParityArray,
  row: ParityRow,
  wanted: number,
  offsetBytes: number,
  lengthBytes: number,
  avoid: readonly RootRange[] | undefined,
): Extent {
  const { legs, label } = array;
  const extent = (device: number): Extent[] => {
    const leg = legs[device];
    if (leg?.source === undefined || !usable(leg, offsetBytes, lengthBytes, avoid)) return [];
    return [{ kind: "data", lengthBytes, source: leg.source, offsetBytes }];
  };
  const data = row.data.map(extent);
  const p = extent(row.p);
  const q = row.q < 0 ? [] : extent(row.q);
  const absent = data.flatMap((found, i) => (found.length === 0 && i !== wanted ? [i] : []));
  const packed = (codec: "xor" | "raid6", parts: readonly Extent[]): Extent => {
    return { kind: "packed", lengthBytes, skipBytes: 0, unitBytes: lengthBytes, codec, parts };
  };
  const others = data.flatMap((found, i) => (i === wanted ? [] : found));
  if (array.parityFits(offsetBytes, lengthBytes)) {
    const [other] = absent;
    if (other === undefined && p.length > 0) return packed("xor", [...p, ...others]);
    if (other === undefined && q.length > 0) return packed("raid6", weighted([...q, ...others], fromQ(row, wanted)));
    if (other !== undefined && absent.length === 1 && p.length > 0 && q.length > 0) {
      return packed("raid6", weighted([...p, ...q, ...others], fromBoth(row, wanted, other)));
    }
  }
  const needed = [...row.data, row.p, ...(row.q < 0 ? [] : [row.q])].map((device) => legs[device]);
  const what = "too many devices are missing, or parity was never made";
  return lost(needed, lengthBytes, new NomountError("source", `${label}: ${what} at byte ${offsetBytes} of each device`));
}

function weighted(parts: readonly Extent[], factors: readonly number[]): readonly Extent[] {
  return [{ kind: "inline", lengthBytes: factors.length, bytes: Uint8Array.from(factors) }, ...parts];
}

/** Q = sum of g^e D, so the wanted D is (Q + the rest of the sum) / g^e. */
function fromQ({ exponents }: ParityRow, wanted: number): readonly number[] {
  const own = gfPower(exponents[wanted] ?? 0);
  const others = exponents.flatMap((exponent, i) => (i === wanted ? [] : [gfDivide(gfPower(exponent), own)]));
  return [gfDivide(1, own), ...others];
}

/** Two unknown: D + E = P + A and g^d D + g^e E = Q + B, where A and B are the sums over the known ones; solved for D. */
function fromBoth({ exponents }: ParityRow, wanted: number, other: number): readonly number[] {
  const own = gfPower(exponents[wanted] ?? 0);
  const lostToo = gfPower(exponents[other] ?? 0);
  const divisor = own ^ lostToo;
  const known = exponents.flatMap((exponent, i) => {
    return i === wanted || i === other ? [] : [gfDivide(lostToo ^ gfPower(exponent), divisor)];
  });
  return [gfDivide(lostToo, divisor), gfDivide(1, divisor), ...known];
}
