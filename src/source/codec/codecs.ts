import { lznt1 } from "./lznt1.ts";
import { raid6 } from "./raid6.ts";
import { xor } from "./xor.ts";

/**
 * Decodes the parts of one unit. `parts` are the bytes of the extent's parts, in order; `into` has the unit's full length
 * and is filled completely. Throws `corrupt` where the input contradicts its format.
 */
export type Codec = (parts: readonly Uint8Array[], into: Uint8Array) => void;

/** Everything that makes bytes out of other bytes has a name here, so that a plan stays plain data. */
export const codecs = { lznt1, raid6, xor } as const satisfies Readonly<Record<string, Codec>>;

export type CodecName = keyof typeof codecs;
