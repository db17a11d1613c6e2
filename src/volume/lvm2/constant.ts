import type { BlockSource } from "../../source/block-source.ts";
import { MappedSource } from "../../source/mapped.ts";
import { missingSource } from "../lazy-source.ts";
import { type SegmentContext, volumeError } from "./segment.ts";

/** `zero` (lib/zero/zero.c): the origin of a snapshot that has none. */
export function openZero({ label, lengthBytes }: SegmentContext): BlockSource {
  return new MappedSource(label, lengthBytes, (_, length) => [{ kind: "hole", lengthBytes: length }]);
}

/** `error` (lib/error/errseg.c): what `vgreduce --removemissing` leaves where a physical volume was. */
export function openError({ label, lengthBytes }: SegmentContext): BlockSource {
  return missingSource(label, lengthBytes, volumeError("source", label, "an error segment: its physical volume was given up"));
}
