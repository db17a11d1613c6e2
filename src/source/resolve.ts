import type { BlockSource, Extent, Place, RootRange } from "./block-source.ts";
import { sliceExtent } from "./mapped.ts";
import { SliceSource } from "./slice.ts";

/**
 * The extents of a range of a source, brought down to roots (sources that are made of no others), neighbours merged. Lazy:
 * a mapping of millions of extents is never held whole.
 */
export function* resolve(
  source: BlockSource,
  offsetBytes = 0,
  lengthBytes: number = source.sizeBytes - offsetBytes,
  avoid?: readonly RootRange[],
): Generator<Extent> {
  let held: Extent | undefined;
  for (const extent of resolveUnmerged(source, offsetBytes, lengthBytes, avoid)) {
    const merged = held === undefined ? extent : merge(held, extent);
    if (merged === undefined && held !== undefined) yield held;
    held = merged ?? extent;
  }
  if (held !== undefined) yield held;
}

function* resolveUnmerged(
  source: BlockSource,
  offsetBytes: number,
  lengthBytes: number,
  avoid: readonly RootRange[] | undefined,
): Generator<Extent> {
  if (lengthBytes === 0) return;
  if (source.extents === undefined) {
    yield { kind: "data", lengthBytes, source, offsetBytes };
    return;
  }
  for (const extent of source.extents(offsetBytes, lengthBytes, avoid)) {
    if (extent.kind === "data") {
      const place = throughSlices(extent.source, extent.offsetBytes, extent.lengthBytes);
      if (place.source.extents === undefined) yield { kind: "data", lengthBytes: extent.lengthBytes, ...place };
      else yield* resolveUnmerged(place.source, place.offsetBytes, extent.lengthBytes, avoid);
    } else if (extent.kind === "packed")
      yield { ...extent, parts: extent.parts.flatMap((part) => [...resolvePart(part, avoid)]) };
    else if (extent.kind === "hole") yield resolveBacking(extent, avoid);
    else yield extent;
  }
}

/** Most extents lie in a partition: the way down is then an addition, without a generator for each layer. */
function throughSlices(source: BlockSource, offsetBytes: number, lengthBytes: number): Place {
  let place: Place = { source, offsetBytes };
  while (place.source instanceof SliceSource && place.offsetBytes + lengthBytes <= place.source.presentBytes) {
    place = { source: place.source.parent, offsetBytes: place.source.startBytes + place.offsetBytes };
  }
  return place;
}

function* resolvePart(part: Extent, avoid: readonly RootRange[] | undefined): Generator<Extent> {
  if (part.kind === "data") yield* resolve(part.source, part.offsetBytes, part.lengthBytes, avoid);
  else if (part.kind === "packed") yield { ...part, parts: part.parts.flatMap((inner) => [...resolvePart(inner, avoid)]) };
  else yield part;
}

/** Backing is for information only, so it is followed while it stays one contiguous place. */
function resolveBacking(hole: Extract<Extent, { kind: "hole" }>, avoid: readonly RootRange[] | undefined): Extent {
  const { backing } = hole;
  if (backing?.source.extents === undefined) return hole;
  const [first, second] = [...resolve(backing.source, backing.offsetBytes, hole.lengthBytes, avoid)];
  if (first?.kind !== "data" || second !== undefined) return hole;
  return { ...hole, backing: { source: first.source, offsetBytes: first.offsetBytes } };
}

function merge(a: Extent, b: Extent): Extent | undefined {
  const lengthBytes = a.lengthBytes + b.lengthBytes;
  if (a.kind === "data" && b.kind === "data") {
    return a.source === b.source && a.offsetBytes + a.lengthBytes === b.offsetBytes ? { ...a, lengthBytes } : undefined;
  }
  if (a.kind === "hole" && b.kind === "hole") {
    if (a.backing === undefined && b.backing === undefined) return { kind: "hole", lengthBytes };
    if (a.backing === undefined || a.backing.source !== b.backing?.source) return undefined;
    return a.backing.offsetBytes + a.lengthBytes === b.backing.offsetBytes ? { ...a, lengthBytes } : undefined;
  }
  if (a.kind === "missing" && b.kind === "missing" && a.fault.message === b.fault.message) return { ...a, lengthBytes };
  return undefined;
}

/** The part of each extent that lies in `[offsetBytes, offsetBytes + lengthBytes)` of a mapping that begins at `startBytes`. */
export function* clip(
  extents: Iterable<Extent>,
  startBytes: number,
  offsetBytes: number,
  lengthBytes: number,
): Generator<Extent> {
  const end = offsetBytes + lengthBytes;
  let at = startBytes;
  for (const extent of extents) {
    const from = Math.max(at, offsetBytes);
    const to = Math.min(at + extent.lengthBytes, end);
    if (from < to) yield sliceExtent(extent, from - at, to - from);
    at += extent.lengthBytes;
    if (at >= end) return;
  }
}
