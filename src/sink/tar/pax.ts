import { BLOCK_BYTES } from "./layout.ts";

/** One record of a pax extended header; later ones win over earlier ones of the same keyword. */
export interface PaxRecord {
  readonly keyword: string;
  readonly value: string | Uint8Array;
}

const encoder = new TextEncoder();
const SECOND_NS = 1_000_000_000n;

/** "LENGTH KEYWORD=VALUE\n" each, the length counting itself (POSIX.1-2017, pax, "pax Extended Header"). Values may be binary. */
export function encodePax(records: readonly PaxRecord[]): Uint8Array {
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
  const magnitude = ns < 0n ? -ns : ns;
  const fraction = String(magnitude % SECOND_NS)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return `${ns < 0n ? "-" : ""}${magnitude / SECOND_NS}${fraction === "" ? "" : `.${fraction}`}`;
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
