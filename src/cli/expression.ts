import { statSync } from "node:fs";

const NS_PER_MS = 1_000_000n;
const SIZE_UNITS: Readonly<Record<string, number>> = { "": 1, c: 1, b: 512, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
const SPAN_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?)?$/;

/** A condition on a size: more than, less than, or exactly. */
export type SizeTest = (bytes: number) => boolean;

/** "+10M", "-4k", "512": more than, less than, exactly; units are powers of 1024 (b is 512). Throws with what was expected. */
export function sizeTest(text: string): SizeTest {
  const [, sign, digits, unit] = /^([+-]?)(\d+)([cbkmgt]?)$/i.exec(text) ?? [];
  const bytes = Number(digits) * (SIZE_UNITS[unit?.toLowerCase() ?? ""] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) throw new Error("expected a size like +10M (more), -4k (less) or 512 (exactly)");
  if (sign === "+") return (size) => size > bytes;
  if (sign === "-") return (size) => size < bytes;
  return (size) => size === bytes;
}

/**
 * A moment in nanoseconds since 1970: an ISO date or time (UTC where it names no zone), "@SECONDS", an age ("90m", "2h",
 * "7d", "3w"), or a local file beginning with "/" or ".", for its own time of change as with GNU tar. Throws with what was
 * expected.
 */
export function moment(text: string, nowMs: number = Date.now()): bigint {
  const [, seconds] = /^@(-?\d+)$/.exec(text) ?? [];
  if (seconds !== undefined) return BigInt(seconds) * 1_000_000_000n;
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) {
    return BigInt(Math.round(nowMs - Number(count) * (SPAN_MS[unit] ?? 0))) * NS_PER_MS;
  }
  if (/^[./]/.test(text)) return fileTime(text);
  const [, date, time, fraction, zone] = ISO.exec(text) ?? [];
  const ms = date === undefined ? Number.NaN : Date.parse(`${date}T${time ?? "00:00"}${zone ?? "Z"}`);
  if (Number.isNaN(ms)) {
    throw new Error(
      "expected a date (2024-01-31), a time (2024-01-31T12:00:00Z), an age (7d, 12h), @SECONDS, or a local file (./stamp)",
    );
  }
  return BigInt(ms) * NS_PER_MS + BigInt((fraction ?? "").padEnd(9, "0"));
}

function fileTime(path: string): bigint {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) throw new Error("there is no such local file");
  return stat.mtimeNs;
}
