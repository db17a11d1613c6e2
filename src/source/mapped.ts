import { NomountError } from "../error.ts";
import type { BlockSource, Extent, RootRange } from "./block-source.ts";
import { type Codec, codecs } from "./codec/codecs.ts";
import { checkRange } from "./range.ts";

/** The extents that back a range of a mapping, in order, covering it exactly. The range lies inside the mapping. */
export type ExtentMap = (offsetBytes: number, lengthBytes: number, avoid?: readonly RootRange[]) => Iterable<Extent>;

/** A source made of extents of others: a logical volume, a file's content. */
export class MappedSource implements BlockSource {
  readonly label: string;
  readonly sizeBytes: number;
  readonly #map: ExtentMap;

  constructor(label: string, sizeBytes: number, map: ExtentMap) {
    this.label = label;
    this.sizeBytes = sizeBytes;
    this.#map = map;
  }

  extents(offsetBytes: number, lengthBytes: number, avoid?: readonly RootRange[]): Iterable<Extent> {
    checkRange(this, offsetBytes, lengthBytes);
    return lengthBytes === 0 ? [] : this.#map(offsetBytes, lengthBytes, avoid);
  }

  readSync(into: Uint8Array, offsetBytes: number): void {
    let at = 0;
    for (const extent of this.extents(offsetBytes, into.length)) {
      readExtentSync(extent, into.subarray(at, at + extent.lengthBytes));
      at += extent.lengthBytes;
    }
  }

  async read(into: Uint8Array, offsetBytes: number, signal?: AbortSignal): Promise<void> {
    const reads: Promise<void>[] = [];
    let at = 0;
    for (const extent of this.extents(offsetBytes, into.length)) {
      reads.push(readExtent(extent, into.subarray(at, at + extent.lengthBytes), signal));
      at += extent.lengthBytes;
    }
    await allSettledOrThrow(reads);
  }

  close(): void {}
}

/** Fills `into` (exactly the extent's length) with what the extent stands for. */
export function readExtentSync(extent: Extent, into: Uint8Array): void {
  switch (extent.kind) {
    case "data":
      extent.source.readSync(into, extent.offsetBytes);
      return;
    case "packed": {
      const parts = extent.parts.map((part) => {
        const bytes = new Uint8Array(part.lengthBytes);
        readExtentSync(part, bytes);
        return bytes;
      });
      unpack(extent, parts, into);
      return;
    }
    default:
      fillConstant(extent, into);
  }
}

/** As `readExtentSync`, without blocking. */
export async function readExtent(extent: Extent, into: Uint8Array, signal?: AbortSignal): Promise<void> {
  switch (extent.kind) {
    case "data":
      return extent.source.read(into, extent.offsetBytes, signal);
    case "packed": {
      const parts = extent.parts.map((part) => new Uint8Array(part.lengthBytes));
      await allSettledOrThrow(extent.parts.map((part, i) => readExtent(part, parts[i] ?? new Uint8Array(), signal)));
      unpack(extent, parts, into);
      return;
    }
    default:
      fillConstant(extent, into);
  }
}

/** Part of an extent: `lengthBytes` of it, from `skipBytes` on. */
export function sliceExtent(extent: Extent, skipBytes: number, lengthBytes: number): Extent {
  if (skipBytes === 0 && lengthBytes === extent.lengthBytes) return extent;
  switch (extent.kind) {
    case "data":
      return { ...extent, lengthBytes, offsetBytes: extent.offsetBytes + skipBytes };
    case "hole":
      return extent.backing === undefined
        ? { kind: "hole", lengthBytes }
        : {
            kind: "hole",
            lengthBytes,
            backing: { source: extent.backing.source, offsetBytes: extent.backing.offsetBytes + skipBytes },
          };
    case "inline":
      return { kind: "inline", lengthBytes, bytes: extent.bytes.subarray(skipBytes, skipBytes + lengthBytes) };
    case "packed":
      return { ...extent, lengthBytes, skipBytes: extent.skipBytes + skipBytes };
    case "missing":
      return { ...extent, lengthBytes };
  }
}

function fillConstant(extent: Extract<Extent, { kind: "hole" | "inline" | "missing" }>, into: Uint8Array): void {
  if (extent.kind === "missing") throw new NomountError(extent.fault.kind, extent.fault.message);
  if (extent.kind === "hole") into.fill(0);
  else into.set(extent.bytes);
}

function unpack(extent: Extract<Extent, { kind: "packed" }>, parts: readonly Uint8Array[], into: Uint8Array): void {
  const codec: Codec = codecs[extent.codec];
  if (extent.skipBytes === 0 && into.length === extent.unitBytes) {
    codec(parts, into);
    return;
  }
  const unit = new Uint8Array(extent.unitBytes);
  codec(parts, unit);
  into.set(unit.subarray(extent.skipBytes, extent.skipBytes + into.length));
}

/** Waits until no read owns its part of the buffer any more, then throws the first failure. */
async function allSettledOrThrow(reads: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(reads)) if (result.status === "rejected") throw result.reason;
}
