import { BLOCK_BYTES } from "./layout.ts";

/** One record of a pax extended header; later ones win over earlier ones of the same keyword. */
export interface PaxRecord {
  readonly keyword: string;
  readonly value: string | Uint8Array;
}

const encoder = new TextEncoder();

/** "LENGTH KEYWORD=VALUE\n" each, the length counting itself (POSIX.1-2017, pax, "pax Extended Header"). Values may be binary. */
export function encodePax(records: readonly PaxRecord[]): Uint8Array {
  let text = "";
  for (const { keyword, value } of records) {
    if (typeof value !== "string" || !isAscii(value) || !isAscii(keyword)) return encodeBinaryPax(records);
    text += `${recordLength(keyword.length + value.length + 3)} ${keyword}=${value}\n`;
  }
  return encoder.encode(text);
}

function encodeBinaryPax(records: readonly PaxRecord[]): Uint8Array {
  const parts = records.flatMap(({ keyword, value }) => {
    const key = encoder.encode(` ${keyword}=`);
    const bytes = typeof value === "string" ? encoder.encode(value) : value;
    return [encoder.encode(String(recordLength(key.length + bytes.length + 1))), key, bytes, NEWLINE];
  });
  const encoded = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    encoded.set(part, at);
    at += part.length;
  }
  return encoded;
}

/**
 * A time as pax has it: seconds in decimal, with as many digits after the point as there are. Before 1970 the whole is
 * negative ("-1.5" is half a second before -1); bsdtar up to 3.6 reads the part after the point with the wrong sign there.
 */
export function paxTime(ns: bigint): string {
  // Most of the work on most members: two divisions of a bigint, and the rest in numbers.
  const whole = Number(ns / 1_000_000_000n);
  const rest = Number(ns % 1_000_000_000n);
  if (rest === 0) return String(whole);
  const digits = String(1_000_000_000 + Math.abs(rest));
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === ZERO) end -= 1;
  return `${ns < 0n ? "-" : ""}${Math.abs(whole)}.${digits.slice(1, end)}`;
}

const ZERO = 0x30;

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false;
  return true;
}

/** What is missing to the end of the last block. */
export function paddingOf(lengthBytes: number): number {
  return (BLOCK_BYTES - (lengthBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

const NEWLINE = Uint8Array.of(0x0a);

/** The length of a record, of whose length only the digits that say so are missing. */
function recordLength(rest: number): number {
  const digits = String(rest).length;
  const length = rest + digits;
  return String(length).length === digits ? length : length + 1;
}
