import { faultOf, type NomountError } from "../../error.ts";
import type { BlockSource, Extent, RootRange } from "../../source/block-source.ts";
import { resolve } from "../../source/resolve.ts";

/** Part of a device. */
export interface Stretch {
  readonly startBytes: number;
  readonly endBytes: number;
}

/** One device of an array, as far as it can be trusted. All devices of an array begin with their first chunk of data. */
export interface Leg {
  readonly name: string;
  /** Undefined where the device is missing, or holds an older state than the others. */
  readonly source: BlockSource | undefined;
  /** How much of it has been rebuilt: what lies behind is not yet what it should be. */
  readonly goodBytes: number;
  /** What it is known to have lost, also behind the end of what is used. */
  readonly bad?: readonly Stretch[];
  /** Why it cannot be read, or not as a whole. */
  readonly reason: NomountError | undefined;
}

/** Whether a range of a leg can be read: it is there, rebuilt, and no read of it has failed. */
export function usable(leg: Leg | undefined, offsetBytes: number, lengthBytes: number, avoid?: readonly RootRange[]): boolean {
  const endBytes = offsetBytes + lengthBytes;
  if (leg?.source === undefined || endBytes > leg.goodBytes) return false;
  if (leg.bad?.some((bad) => bad.startBytes < endBytes && offsetBytes < bad.endBytes) === true) return false;
  return avoid === undefined || avoid.length === 0 || !touches(leg.source, offsetBytes, lengthBytes, avoid);
}

/** How much of a range of a leg is as good, or as bad, as its first byte. */
export function steadyBytes(leg: Leg | undefined, offsetBytes: number, lengthBytes: number): number {
  if (leg?.source === undefined) return lengthBytes;
  let end = offsetBytes + lengthBytes;
  const edges = [leg.goodBytes, ...(leg.bad ?? []).flatMap(({ startBytes, endBytes }) => [startBytes, endBytes])];
  for (const edge of edges) if (edge > offsetBytes && edge < end) end = edge;
  return end - offsetBytes;
}

/** Whether a range of a source comes from one of these ranges of the roots, in whatever part. */
function touches(source: BlockSource, offsetBytes: number, lengthBytes: number, avoid: readonly RootRange[]): boolean {
  for (const extent of resolve(source, offsetBytes, lengthBytes, avoid)) {
    if (extent.kind !== "data") continue;
    const { source: root, offsetBytes: start } = extent;
    const end = start + extent.lengthBytes;
    if (
      avoid.some((range) => range.source === root && range.offsetBytes < end && start < range.offsetBytes + range.lengthBytes)
    ) {
      return true;
    }
  }
  return false;
}

/** What stands for a range that no leg can give: it names every leg that has a reason. */
export function lost(legs: readonly (Leg | undefined)[], lengthBytes: number, otherwise: NomountError): Extent {
  const reasons = legs.flatMap((leg) => leg?.reason ?? []);
  const [first] = reasons;
  if (first === undefined) return { kind: "missing", lengthBytes, fault: faultOf(otherwise) };
  const message = [...new Set(reasons.map((reason) => reason.message))].join("; ");
  return { kind: "missing", lengthBytes, fault: { kind: first.kind, message } };
}
