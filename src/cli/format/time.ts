import type { Times } from "../../filesystem/node.ts";
import type { ByteText } from "../byte-text.ts";

const NS_PER_SECOND = 1_000_000_000n;

/** A time as ISO 8601 in UTC with all its nanoseconds: "2024-01-02T03:04:05.000000006Z". */
export function isoTime(ns: bigint): string {
  const fraction = fractionOf(ns);
  return `${wholeSeconds(Number((ns - fraction) / NS_PER_SECOND))}.${fraction.toString().padStart(9, "0")}Z`;
}

/** The whole second in which a file changed, rounded down; undefined where its format does not tell. */
export function secondsOf(times: Pick<Times, "modifiedNs" | "modifiedSeconds">): number | undefined {
  const seconds = times.modifiedSeconds;
  if (seconds !== undefined) return seconds;
  const ns = times.modifiedNs;
  return ns === undefined ? undefined : Number((ns - fractionOf(ns)) / NS_PER_SECOND);
}

const SECONDS_PER_DAY = 86_400;
const twoDigits = (value: number) => value.toString().padStart(2, "0");
const COUNTS = Array.from({ length: 60 }, (_, i) => twoDigits(i));
/** What stands ahead of the hours, by the day's number: "2024-01-02T". */
const days = new Map<number, string>();
const MAX_DAYS = 4096;

/** The years 0 to 9999 have four digits, all others a sign and six. */
const FOUR_DIGITS = { from: Date.parse("0000-01-01") / 1000, to: Date.UTC(10_000, 0) / 1000 };

/** How many characters `writeSeconds` writes. */
export function widthOfSeconds(seconds: number): number {
  return seconds >= FOUR_DIGITS.from && seconds < FOUR_DIGITS.to ? 20 : 23;
}

/** The same to the second, for columns: "2024-01-02T03:04:05Z". Few days occur, most of them often. */
export function writeSeconds(into: ByteText, seconds: number): void {
  const day = Math.floor(seconds / SECONDS_PER_DAY);
  let ahead = days.get(day);
  if (ahead === undefined) {
    ahead = wholeSeconds(day * SECONDS_PER_DAY).slice(0, -"00:00:00".length);
    if (days.size === MAX_DAYS) days.clear();
    days.set(day, ahead);
  }
  const second = seconds - day * SECONDS_PER_DAY;
  into.text(ahead);
  into.text(COUNTS[Math.floor(second / 3600)] ?? "");
  into.text(":");
  into.text(COUNTS[Math.floor(second / 60) % 60] ?? "");
  into.text(":");
  into.text(COUNTS[second % 60] ?? "");
  into.text("Z");
}

/** A span as a clock: "0:07", "12:34", "1:02:03". */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${twoDigits(m)}:${twoDigits(s)}` : `${m}:${twoDigits(s)}`;
}

/** Date covers the years -271821 to 275760; a raw value beyond that (ext4 ends in 2446, NTFS in 60056) cannot come up. */
function wholeSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.000Z$/, "");
}

/** The nanoseconds after the whole second. */
function fractionOf(ns: bigint): bigint {
  return ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
}
