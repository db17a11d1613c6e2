import { NomountError } from "../../error.ts";
import type { BlockSource, Extent, RootRange } from "../../source/block-source.ts";
import { type Leg, lost, steadyBytes, usable } from "./leg.ts";
import { RedundantSource } from "./redundant-source.ts";

/** While something is to be avoided, copies are judged in pieces of this size: one bad sector must not cost a leg. */
const AVOIDING_BYTES = 4096;

/** Where one of several copies of a range lies. */
export interface Copy {
  readonly leg: Leg | undefined;
  /** Of the range's first byte, on the leg. */
  readonly offsetBytes: number;
}

/** Every leg holds everything: the first that can be read does. */
export function mirroredSource(label: string, sizeBytes: number, legs: readonly Leg[]): BlockSource {
  return new RedundantSource(label, sizeBytes, (offsetBytes, lengthBytes, avoid) =>
    copyExtents(
      legs.map((leg) => ({ leg, offsetBytes })),
      lengthBytes,
      avoid,
      (done) => new NomountError("source", `${label}: no leg can be read at byte ${offsetBytes + done}`),
    ),
  );
}

/** A range of which there are copies, each piece from the first copy that can be read. `none`: the error for a place without. */
export function* copyExtents(
  copies: readonly Copy[],
  lengthBytes: number,
  avoid: readonly RootRange[] | undefined,
  none: (doneBytes: number) => NomountError,
): Generator<Extent> {
  const avoiding = avoid !== undefined && avoid.length > 0;
  for (let done = 0; done < lengthBytes; ) {
    const wanted = avoiding ? Math.min(lengthBytes - done, AVOIDING_BYTES) : lengthBytes - done;
    const length = copies.reduce((least, copy) => steadyBytes(copy.leg, copy.offsetBytes + done, least), wanted);
    const readable = (among?: readonly RootRange[]) =>
      copies.find(({ leg, offsetBytes }) => usable(leg, offsetBytes + done, length, among));
    // What cannot be avoided is read again, so that its own error comes out.
    const copy = readable(avoid) ?? readable();
    if (copy?.leg?.source === undefined) {
      yield lost(
        copies.map(({ leg }) => leg),
        length,
        none(done),
      );
    } else {
      yield { kind: "data", lengthBytes: length, source: copy.leg.source, offsetBytes: copy.offsetBytes + done };
    }
    done += length;
  }
}
