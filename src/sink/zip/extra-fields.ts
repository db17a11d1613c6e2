import type { Node } from "../../filesystem/node.ts";

const SECOND_NS = 1_000_000_000n;
/** From 1601, in steps of 100 ns, as NTFS counts (APPNOTE 4.5.5). */
const FILETIME_EPOCH_NS = 11_644_473_600n * SECOND_NS;
const MAX_FILETIME = 2n ** 63n - 1n;
const [MIN_UNIX_S, MAX_UNIX_S] = [-(2n ** 31n), 2n ** 31n - 1n];

const [ZIP64, NTFS, UNIX_TIMES, UNIX_IDS] = [0x0001, 0x000a, 0x5455, 0x7875];

/** An extra field: its number, its length, its content (APPNOTE 4.5.1). */
function field(id: number, contentBytes: number, fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(4 + contentBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id, true);
  view.setUint16(2, contentBytes, true);
  fill(new DataView(bytes.buffer, 4));
  return bytes;
}

/** The numbers that do not fit into a header, in their order: size, compressed size, offset (APPNOTE 4.5.3). */
export function zip64Field(numbers: readonly number[]): Uint8Array {
  return field(ZIP64, numbers.length * 8, (view) => {
    for (const [i, number] of numbers.entries()) view.setBigUint64(i * 8, BigInt(number), true);
  });
}

/** What of a node the headers cannot say, as the local header has it, and the central one. */
export function nodeFields(node: Node): { readonly local: Uint8Array; readonly central: Uint8Array } {
  const times = [node.modifiedNs, node.accessedNs, node.createdNs];
  const all = [...windowsTimes(times), ...unixIds(node)];
  return {
    local: joined([...unixTimes(times, times), ...all]),
    // Info-ZIP's rule: the flags of the local field, but only the time of modification.
    central: joined([...unixTimes(times, times.slice(0, 1)), ...all]),
  };
}

/** Seconds from 1970 in 32 bits, signed (Info-ZIP's proginfo/extrafld.txt, "Extended Timestamp"). Those that do not fit are left out. */
function unixTimes(times: readonly (bigint | undefined)[], stored: readonly (bigint | undefined)[]): Uint8Array[] {
  const seconds = (ns: bigint | undefined): number | undefined => {
    if (ns === undefined) return undefined;
    const whole = floorDivide(ns, SECOND_NS);
    return whole >= MIN_UNIX_S && whole <= MAX_UNIX_S ? Number(whole) : undefined;
  };
  const flags = times.reduce((bits, ns, i) => (seconds(ns) === undefined ? bits : bits | (1 << i)), 0);
  const values = stored.map(seconds).filter((value) => value !== undefined);
  if (flags === 0) return [];
  return [
    field(UNIX_TIMES, 1 + values.length * 4, (view) => {
      view.setUint8(0, flags);
      for (const [i, value] of values.entries()) view.setInt32(1 + i * 4, value, true);
    }),
  ];
}

/** Times as Windows and 7-Zip restore them, to 100 ns and far beyond 2038. */
function windowsTimes([modified, accessed, created]: readonly (bigint | undefined)[]): Uint8Array[] {
  if (modified === undefined) return [];
  return [
    field(NTFS, 32, (view) => {
      view.setUint16(4, 1, true);
      view.setUint16(6, 24, true);
      for (const [i, ns] of [modified, accessed ?? modified, created ?? modified].entries())
        view.setBigInt64(8 + i * 8, filetime(ns), true);
    }),
  ];
}

function filetime(ns: bigint): bigint {
  const steps = floorDivide(ns + FILETIME_EPOCH_NS, 100n);
  if (steps < 0n) return 0n;
  return steps > MAX_FILETIME ? MAX_FILETIME : steps;
}

/** Owner and group in 32 bits each (Info-ZIP's "New Unix Extra Field", version 1). */
function unixIds({ uid, gid }: Node): Uint8Array[] {
  if (uid === undefined || gid === undefined) return [];
  return [
    field(UNIX_IDS, 11, (view) => {
      view.setUint8(0, 1);
      view.setUint8(1, 4);
      view.setUint32(2, uid, true);
      view.setUint8(6, 4);
      view.setUint32(7, gid, true);
    }),
  ];
}

/** A time as DOS has it, in UTC and two-second steps, from 1980 to 2107 (APPNOTE 4.4.6); the nearest one for others. */
export function dosTime(ns: bigint | undefined): { readonly dosTime: number; readonly dosDate: number } {
  const seconds = Number(floorDivide(ns ?? 0n, SECOND_NS));
  const at = new Date(Math.min(Math.max(seconds, FIRST_DOS_S), LAST_DOS_S) * 1000);
  return {
    dosTime: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    dosDate: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  };
}

const FIRST_DOS_S = Date.UTC(1980, 0, 1) / 1000;
const LAST_DOS_S = Date.UTC(2107, 11, 31, 23, 59, 58) / 1000;

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
