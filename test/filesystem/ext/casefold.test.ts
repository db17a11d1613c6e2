import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { foldName } from "../../../src/filesystem/ext/casefold.ts";
import { describeWith } from "../../support/tools.ts";

test("case, composition and ignorable characters do not tell names apart", () => {
  const same = [
    ["README", "readme"],
    ["Straße", "STRASSE", "straẞe"],
    ["ΌΔΥΣΣΕΥΣ", "όδυσσευς", "όδυσσευσ"],
    ["caf\u00e9", "CAFE\u0301"],
    ["file\u200d", "FILE"],
    ["\ufb01le", "FILE"],
  ];
  for (const [first = "", ...others] of same) for (const other of others) expect(foldName(other)).toBe(foldName(first));
});

test("a dotless i is no i, and bytes that are no UTF-8 are compared as they are", () => {
  expect(foldName("\u0131")).not.toBe(foldName("i"));
  expect(foldName("A\udcff")).not.toBe(foldName("a\udcff"));
});

/** Every assigned character by itself, as Python folds it, which has the whole table of Unicode. */
const TABLE = `
import sys, unicodedata
for code in range(0x110000):
    character = chr(code)
    if unicodedata.category(character) in ("Cn", "Cs", "Co"): continue
    # The ideographs and syllables of East Asia have no case, and are most of Unicode.
    if 0x3400 <= code < 0xa000 or 0xac00 <= code < 0xd800 or 0x17000 <= code < 0x19000 or code >= 0x20000: continue
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", character).casefold())
    print(code, *(ord(part) for part in folded))
`;

describeWith(["python3"], "folding against Unicode's table", () => {
  test("puts every character into the class that the table puts it into", () => {
    const lines = execFileSync("python3", ["-c", TABLE], { encoding: "utf8", maxBuffer: 1 << 28 })
      .trim()
      .split("\n");
    const ours = new Map<string, string>();
    const theirs = new Map<string, string>();
    const wrong: string[] = [];
    for (const line of lines) {
      const [code = 0, ...folded] = line.split(" ").map(Number);
      const expected = String.fromCodePoint(...folded).replace(/\p{Default_Ignorable_Code_Point}/gu, "");
      const found = foldName(String.fromCodePoint(code));
      if ((ours.get(expected) ?? found) !== found || (theirs.get(found) ?? expected) !== expected)
        wrong.push(`U+${code.toString(16)}`);
      ours.set(expected, found);
      theirs.set(found, expected);
    }
    expect(lines.length).toBeGreaterThan(30_000);
    expect(wrong).toEqual([]);
  });
});
