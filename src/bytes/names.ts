/**
 * File names as strings that lose nothing.
 *
 * On ext a name is any bytes without `/` and NUL; on NTFS any UTF-16 units, halves of surrogate pairs included. Here every
 * name is a JavaScript string: its bytes decoded as UTF-8, each byte that does not decode standing as the lone surrogate
 * U+DC80..U+DCFF (what Python calls surrogateescape). So `nameToBytes(nameFromBytes(b))` equals `b` for every `b`. A lone
 * surrogate of an NTFS name first takes its three-byte generalized UTF-8 form (WTF-8), which is not UTF-8 and so stands as
 * three escapes.
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const ESCAPE_BASE = 0xdc00;
/** Engines take at least 65,535 arguments to a function. */
const MAX_ARGUMENTS = 8192;

/** The name whose bytes these are. Never throws. */
export function nameFromBytes(bytes: Uint8Array): string {
  const ascii = asciiName(bytes);
  if (ascii !== undefined) return ascii;
  try {
    return strict.decode(bytes);
  } catch {
    return escapeInvalid(bytes);
  }
}

/** The bytes of a name, or of a text with names in it, exactly those it was made from. */
export function nameToBytes(name: string): Uint8Array {
  if (name.isWellFormed()) return encoder.encode(name);
  const bytes = new Uint8Array(3 * name.length);
  let at = 0;
  let from = 0;
  const encodeUpTo = (end: number): void => {
    at += encoder.encodeInto(name.slice(from, end), bytes.subarray(at)).written;
  };
  for (const { 0: run, index } of name.matchAll(/\p{Cs}+/gu)) {
    encodeUpTo(index);
    from = index + run.length;
    for (let i = index; i < from; i++) {
      const code = name.charCodeAt(i);
      const escaped = code >= 0xdc80 && code <= 0xdcff ? [code - ESCAPE_BASE] : threeBytes(code);
      bytes.set(escaped, at);
      at += escaped.length;
    }
  }
  encodeUpTo(name.length);
  return bytes.slice(0, at);
}

/** A name from UTF-16LE units in `bytes[start, end)` (NTFS, GPT, LDM). Never throws; an odd last byte is left out. */
export function nameFromUtf16le(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const name = fromUnits(bytes, start, end);
  if (name.isWellFormed()) return name;
  let escaped = "";
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0xd800 || code > 0xdfff) escaped += character;
    else for (const byte of threeBytes(code)) escaped += String.fromCharCode(ESCAPE_BASE + byte);
  }
  return escaped;
}

/** The UTF-16 units of a name, or undefined when its bytes are no (generalized) UTF-8 and no such name can exist there. */
export function nameToUtf16(name: string): string | undefined {
  if (name.isWellFormed()) return name;
  let units = "";
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    const pair = code >= 0xd800 && code <= 0xdbff ? name.charCodeAt(i + 1) : 0;
    if (pair >= 0xdc00 && pair <= 0xdfff) {
      units += name.slice(i, i + 2);
      i += 1;
      continue;
    }
    if (code < 0xd800 || code > 0xdfff) {
      units += name[i];
      continue;
    }
    const [a, b, c] = [code, name.charCodeAt(i + 1), name.charCodeAt(i + 2)].map((unit) => unit - ESCAPE_BASE);
    if (a !== 0xed || b === undefined || c === undefined || !(b >= 0xa0 && b <= 0xbf && c >= 0x80 && c <= 0xbf))
      return undefined;
    units += String.fromCharCode(0xd000 | ((b & 0x3f) << 6) | (c & 0x3f));
    i += 2;
  }
  return units;
}

/**
 * For people: control characters and bytes that are not UTF-8 as `\n`, `\x1b`, `\xff`, a backslash as `\\`; the rest as it
 * is. `nameFromDisplay` takes it back.
 */
export function nameForDisplay(name: string): string {
  let shown = "";
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0;
    if (character === "\\") shown += "\\\\";
    else if (character === "\n") shown += "\\n";
    else if (character === "\t") shown += "\\t";
    else if (character === "\r") shown += "\\r";
    else if (code >= 0xdc80 && code <= 0xdcff) shown += `\\x${(code - ESCAPE_BASE).toString(16)}`;
    else if (code < 0x20 || code === 0x7f) shown += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (isC1Control(code) || isSurrogate(code) || isDirectionControl(code))
      shown += `\\u${code.toString(16).padStart(4, "0")}`;
    else shown += character;
  }
  return shown;
}

/** The name that `nameForDisplay` showed. `\!` and `\:` stand for themselves; a backslash before anything else is a backslash. */
export function nameFromDisplay(shown: string): string {
  return shown.replace(
    /\\(?:([\\!:])|([ntr])|x([0-9a-f]{2})|u([0-9a-f]{4}))/g,
    (_, itself?: string, letter?: string, byte?: string, unit = "0") => {
      if (itself !== undefined) return itself;
      if (letter !== undefined) return letter === "n" ? "\n" : letter === "t" ? "\t" : "\r";
      if (byte === undefined) return String.fromCharCode(Number.parseInt(unit, 16));
      const code = Number.parseInt(byte, 16);
      return String.fromCharCode(code < 0x80 ? code : ESCAPE_BASE + code);
    },
  );
}

/** U+0080 to U+009F: terminals act on them. */
function isC1Control(code: number): boolean {
  return code >= 0x80 && code < 0xa0;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

/** Characters that reorder a line on a terminal, with which a name can pretend to be another. */
function isDirectionControl(code: number): boolean {
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/** By the array, since directories have many names and this is three times as fast as adding up characters (measured). */
function fromUnits(bytes: Uint8Array, start: number, end: number): string {
  const count = (end - start) >> 1;
  if (count > MAX_ARGUMENTS) {
    const middle = start + 2 * MAX_ARGUMENTS;
    return fromUnits(bytes, start, middle) + fromUnits(bytes, middle, end);
  }
  const units = new Array<number>(count);
  for (let i = 0, at = start; i < count; i++, at += 2) units[i] = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  return String.fromCharCode.apply(null, units);
}

/** The same way; undefined where a byte is no ASCII. */
function asciiName(bytes: Uint8Array): string | undefined {
  const count = bytes.length;
  if (count > MAX_ARGUMENTS) return undefined;
  const units = new Array<number>(count);
  let all = 0;
  for (let i = 0; i < count; i++) {
    const byte = bytes[i] ?? 0;
    units[i] = byte;
    all |= byte;
  }
  return all < 0x80 ? String.fromCharCode.apply(null, units) : undefined;
}

function threeBytes(code: number): [number, number, number] {
  return [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)];
}

/** Decodes what is well-formed UTF-8 and escapes each byte that is not part of it. */
function escapeInvalid(bytes: Uint8Array): string {
  let name = "";
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    if (length === 0) {
      name += String.fromCharCode(ESCAPE_BASE + (bytes[i] ?? 0));
      i += 1;
    } else {
      name += strict.decode(bytes.subarray(i, i + length));
      i += length;
    }
  }
  return name;
}

/** Length of the well-formed UTF-8 sequence at `at` (Unicode 15, table 3-7), or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const second = bytes[at + 1] ?? 0;
  const continues = (i: number) => ((bytes[at + i] ?? 0) & 0xc0) === 0x80;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const low = lead === 0xe0 ? 0xa0 : 0x80;
    const high = lead === 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && continues(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const low = lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}
