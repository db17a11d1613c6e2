import type { Times } from "../node.ts";
import { standardInformation } from "./layout.ts";

const CREATED = standardInformation.offsetOf("created");
const MODIFIED = standardInformation.offsetOf("modified");
const CHANGED = standardInformation.offsetOf("changed");
const ACCESSED = standardInformation.offsetOf("accessed");
/** From 1601-01-01 to 1970-01-01. */
const UNIX_EPOCH = 116_444_736_000_000_000n;

/** The times of a $STANDARD_INFORMATION value at `offset`, which has room for them. */
export function timesOf(view: DataView, offset: number): Times {
  return {
    createdNs: nanoseconds(view, offset + CREATED),
    modifiedNs: nanoseconds(view, offset + MODIFIED),
    changedNs: nanoseconds(view, offset + CHANGED),
    accessedNs: nanoseconds(view, offset + ACCESSED),
  };
}

/** Units of 100 ns since 1601, signed as Windows takes them; 0 stands for no time at all. */
function nanoseconds(view: DataView, offset: number): bigint | undefined {
  const fileTime = view.getBigInt64(offset, true);
  return fileTime === 0n ? undefined : (fileTime - UNIX_EPOCH) * 100n;
}
