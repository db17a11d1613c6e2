/** A moment as the system's calls take it: seconds since 1970, rounded down, and nanoseconds from there on. */
export interface Time {
  readonly seconds: number;
  readonly nanoseconds: number;
}

const SECOND_NS = 1_000_000_000;

/** Nanoseconds since 1970, which leave 64 bits behind in the year 2262; ext4 goes on to 2446 and NTFS to 30828. */
export function timeOf(ns: bigint): Time {
  const toZero = ns / 1_000_000_000n;
  const rest = Number(ns - toZero * 1_000_000_000n);
  return rest < 0
    ? { seconds: Number(toZero) - 1, nanoseconds: rest + SECOND_NS }
    : { seconds: Number(toZero), nanoseconds: rest };
}

/**
 * Seconds as Node takes them. It cuts to microseconds towards zero, so that half of one more keeps a division from falling
 * short; and it takes a negative number for the present, but not the same as a string.
 */
export function secondsForNode({ seconds, nanoseconds }: Time): string {
  const microseconds = Math.floor(nanoseconds / 1000);
  return seconds < 0
    ? String(seconds + 1 + (microseconds - 1_000_000 - 0.5) / 1_000_000)
    : String(seconds + (microseconds + 0.5) / 1_000_000);
}
