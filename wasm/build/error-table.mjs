// lib/et/compile_et.sh in a few lines: an error table is a base number made of its name, and a list of names and texts.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

/** @returns {{ base: number, codes: { name: string, text: string }[] }} */
export function parseErrorTable(text, version) {
  const name = /^\s*error_table\s+(\w+)/m.exec(text)?.[1];
  if (name === undefined) throw new Error("wasm: error table without a name");
  const codes = [...text.matchAll(/^ec\s+(\w+),\s*"((?:[^"\\]|\\.)*)"/gm)].map(([, code, words]) => ({
    name: code,
    text: words.replace("@E2FSPROGS_VERSION@", version),
  }));
  return { base: tableBase(name), codes };
}

/** Six bits for each letter of the name, then eight for the code, in 32 bits with sign. */
function tableBase(name) {
  let number = 0n;
  for (const letter of name) number = (number << 6n) + BigInt(ALPHABET.indexOf(letter) + 1);
  return Number(BigInt.asIntN(32, number << 8n));
}

/** ext2_err.h, which the library includes, and ext2_err_text.h, which the glue includes. */
export function errorHeaders(table) {
  const defines = table.codes.map(({ name }, index) => `#define ${name} (${table.base + index}L)`);
  const texts = table.codes.map(({ text }) => `\t"${text}",`);
  return {
    "ext2_err.h": ["#ifndef EXT2_ERR_H", "#define EXT2_ERR_H", ...defines, "#endif", ""].join("\n"),
    "ext2_err_text.h": ["static const char *const ext2_error_texts[] = {", ...texts, "};", ""].join("\n"),
  };
}
