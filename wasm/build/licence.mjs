import { licenceExceptions } from "./e2fsprogs.mjs";

const GPL = /\bGPL|GNU\s+(?:\w+\s+)?(?:General\s+)?Public\s+Licen[sc]e/gi;
const LIBRARY = /LGPL|GNU\s+(?:Library|Lesser)\s+(?:General\s+)?Public\s+Licen[sc]e/i;

/** Every mention of a GPL in a text that is not of the Library (Lesser) GPL. Comment signs at line starts do not hide one. */
export function gplMentions(text) {
  const joined = text.replace(/\r?\n[ \t]*(?:\*|#|\/\/)*[ \t]*/g, " ");
  return [...joined.matchAll(GPL)].map((match) => match[0]).filter((mention) => !LIBRARY.test(mention));
}

/** Throws unless each file is under the Library GPL, or on the short list with the reason. */
export function checkLicences(files) {
  for (const [path, bytes] of files) {
    const mentions = gplMentions(new TextDecoder("latin1").decode(bytes));
    if (mentions.length > 0 && !licenceExceptions.has(path)) {
      throw new Error(
        `wasm: ${path} is not under the Library GPL: it says "${mentions[0]}". The module is LGPL-2.0-only, so this file must ` +
          "not be compiled into it; a file that may be all the same is listed in wasm/build/e2fsprogs.mjs with the reason",
      );
    }
  }
}
