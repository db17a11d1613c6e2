import { hex, NomountError, type Where } from "../error.ts";

/** An unsigned 64-bit on-disk value as a number, for sizes and positions; refused above 2^53 - 1, where numbers lose units. */
export function safeNumber(value: bigint, what: string, where?: Where): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new NomountError("corrupt", `${what} ${hex(value)} is out of range: expected below 2^53`, where ? { where } : {});
  }
  return Number(value);
}

/** Reads an unsigned little-endian 64-bit integer as a number without a bigint, or NaN at 2^53 and above: for hot loops. */
export function u64leOrNaN(view: DataView, offset: number): number {
  const high = view.getUint32(offset + 4, true);
  return high >= 0x200000 ? Number.NaN : high * 0x100000000 + view.getUint32(offset, true);
}

/** What `u64leOrNaN` gave, for messages. */
export function u64Text(value: number): string {
  return Number.isNaN(value) ? "2^53 or more" : String(value);
}
