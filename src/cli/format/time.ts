const NS_PER_SECOND = 1_000_000_000n;

/** A time as ISO 8601 in UTC with all its nanoseconds: "2024-01-02T03:04:05.000000006Z". */
export function isoTime(ns: bigint): string {
  const fraction = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const seconds = (ns - fraction) / NS_PER_SECOND;
  return `${wholeSeconds(seconds)}.${fraction.toString().padStart(9, "0")}Z`;
}

/** The same to the second, for columns: "2024-01-02T03:04:05Z". */
export function isoSeconds(ns: bigint): string {
  return `${isoTime(ns).slice(0, -11)}Z`;
}

/** A span as a clock: "0:07", "12:34", "1:02:03". */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const twoDigits = (value: number) => value.toString().padStart(2, "0");
  return h > 0 ? `${h}:${twoDigits(m)}:${twoDigits(s)}` : `${m}:${twoDigits(s)}`;
}

/** Date covers the years -271821 to 275760; a raw value beyond that (ext4 ends in 2446, NTFS in 60056) cannot come up. */
function wholeSeconds(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().replace(/\.000Z$/, "");
}
