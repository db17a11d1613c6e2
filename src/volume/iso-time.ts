/** A time in seconds since 1970 as volume tables keep it: UTC, by the second. */
export function isoTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} seconds since 1970` : date.toISOString().replace(".000Z", "Z");
}
