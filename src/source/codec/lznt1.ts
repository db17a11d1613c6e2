import { NomountError } from "../../error.ts";
import type { Codec } from "./codecs.ts";

/** Every chunk but the last stands for so many bytes. */
const CHUNK_BYTES = 4096;
const IS_COMPRESSED = 0x8000;

/**
 * LZNT1, the compression of NTFS ([MS-XCA] 2.5): chunks, each with a header of two bytes, until a header of zero or the end
 * of the input. What the chunks do not fill is zeros.
 */
export const lznt1: Codec = (parts, into) => {
  const input = joined(parts);
  let at = 0;
  let start = 0;
  while (start < into.length && at + 2 <= input.length) {
    const header = (input[at] ?? 0) | ((input[at + 1] ?? 0) << 8);
    if (header === 0) break;
    const dataStart = at + 2;
    const dataEnd = dataStart + (header & 0xfff) + 1;
    if ((header & 0x7000) !== 0x3000 || dataEnd > input.length) throw corrupt(`chunk header 0x${header.toString(16)}`, at);
    const chunk = into.subarray(start, Math.min(start + CHUNK_BYTES, into.length));
    const written =
      (header & IS_COMPRESSED) === 0
        ? copyChunk(input, dataStart, dataEnd, chunk)
        : unpackChunk(input, dataStart, dataEnd, chunk);
    chunk.fill(0, written);
    at = dataEnd;
    start += CHUNK_BYTES;
  }
  if (start < into.length) into.fill(0, start);
};

function copyChunk(input: Uint8Array, start: number, end: number, chunk: Uint8Array): number {
  if (end - start > chunk.length) throw corrupt(`stored chunk of ${end - start} bytes`, start);
  chunk.set(input.subarray(start, end));
  return end - start;
}

/** Groups of a flag byte and eight items: a literal byte, or a pair whose split of bits depends on the place in the chunk. */
function unpackChunk(input: Uint8Array, start: number, end: number, chunk: Uint8Array): number {
  let at = start;
  let out = 0;
  let lengthBits = 12;
  let nextSplit = 16;
  while (at < end) {
    let flags = input[at++] ?? 0;
    for (let item = 0; item < 8 && at < end; item++, flags >>= 1) {
      if ((flags & 1) === 0) {
        if (out >= chunk.length) throw corrupt(`chunk of more than ${chunk.length} bytes`, at);
        chunk[out++] = input[at++] ?? 0;
        continue;
      }
      if (at + 2 > end) throw corrupt("pair cut by the end of its chunk", at);
      const pair = (input[at] ?? 0) | ((input[at + 1] ?? 0) << 8);
      while (out > nextSplit) {
        lengthBits -= 1;
        nextSplit *= 2;
      }
      const distance = (pair >> lengthBits) + 1;
      const length = (pair & ((1 << lengthBits) - 1)) + 3;
      if (distance > out) throw corrupt(`pair that begins ${distance} bytes back, at byte ${out} of its chunk`, at);
      if (out + length > chunk.length) throw corrupt(`chunk of more than ${chunk.length} bytes`, at);
      at += 2;
      // Byte by byte: source and target overlap where a pattern repeats.
      for (const stop = out + length; out < stop; out++) chunk[out] = chunk[out - distance] ?? 0;
    }
  }
  return out;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first, second] = parts;
  if (first !== undefined && second === undefined) return first;
  const input = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    input.set(part, at);
    at += part.length;
  }
  return input;
}

function corrupt(what: string, at: number): NomountError {
  return new NomountError("corrupt", `lznt1: ${what}, at byte ${at} of the compressed unit`);
}
