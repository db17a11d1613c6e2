import type { BlockSource } from "../../source/block-source.ts";
import { type SegmentContext, volumeError } from "./segment.ts";

/**
 * `integrity` (lib/integrity/integrity.c): the data lies on the origin as it is, the sums on another volume. They are not checked.
 * With a journal the newest data may be in that alone.
 */
export function openIntegrity(context: SegmentContext): BlockSource {
  const { segment, label } = context;
  const mode = segment.fields.optionalString("mode");
  if (mode === "J") {
    context.warn(
      volumeError("unsupported", label, "integrity with a journal: what was written last may be in the journal alone"),
    );
  }
  return context.sibling(segment.fields.string("origin"));
}
