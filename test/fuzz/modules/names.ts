import { nameForDisplay, nameFromBytes, nameFromUtf16le, nameToBytes, nameToUtf16 } from "../../../src/bytes/names.ts";
import type { FuzzModule } from "../fuzz-module.ts";
import { original } from "../originals.ts";

const texts = ["plain.txt", "Grüße aus Köln.txt", "日本語のファイル名", "emoji 👩‍👩‍👧 in a name", `${"long".repeat(63)}xyz`];

/** Names of any bytes and any UTF-16 units come back as they were, and never put control characters on a terminal. */
export const fuzz: FuzzModule = {
  name: "names",
  originals: () => [
    ...texts.map((text) => original(`bytes "${text.slice(0, 12)}"`, new TextEncoder().encode(text))),
    ...texts.map((text) => original(`units "${text.slice(0, 12)}"`, new Uint8Array(Buffer.from(text, "utf16le")))),
  ],
  run({ bytes }) {
    const name = nameFromBytes(bytes);
    same(nameToBytes(name), bytes, "bytes");
    const even = bytes.subarray(0, bytes.length - (bytes.length % 2));
    const units = nameToUtf16(nameFromUtf16le(even));
    if (units === undefined) throw new Error("UTF-16 units made a name that has no UTF-16 form");
    same(new Uint8Array(Buffer.from(units, "utf16le")), even, "UTF-16 units");
    for (const character of nameForDisplay(name)) {
      const code = character.codePointAt(0) ?? 0;
      if (code < 0x20 || (code >= 0x7f && code < 0xa0)) throw new Error(`a control character ${code} would be printed`);
    }
  },
};

function same(found: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(found, expected) !== 0) {
    throw new Error(`${what} ${Buffer.from(expected).toString("hex")} came back as ${Buffer.from(found).toString("hex")}`);
  }
}
