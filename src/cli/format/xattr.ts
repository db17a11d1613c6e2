import { nameForDisplay, nameFromBytes } from "../../bytes/names.ts";

/** An attribute's value as getfattr shows it: text between quotes where it is text, else hexadecimal. */
export function xattrText(value: Uint8Array): string {
  const text = nameFromBytes(value[value.length - 1] === 0 ? value.subarray(0, -1) : value);
  const isText = text.isWellFormed() && !/\p{Cc}/u.test(text);
  return isText ? `"${nameForDisplay(text)}"` : `0x${Buffer.from(value).toString("hex")}`;
}
