import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/volume/lvm2/text.ts";

const parse = (text: string) => parseConfig(new TextEncoder().encode(text), "pv", 0x1200);

describe("metadata text", () => {
  test("has sections, integers, strings and lists, with comments anywhere", () => {
    const text = parse(
      '# head\nvg { # here\n id = "a" seqno=7\n\ttags = ["x", "y",\n "z"] # list\n empty = []\n sub { n = 0 } }\nlast = 1',
    );
    const vg = text.section("vg");
    expect([
      vg.string("id"),
      vg.integer("seqno"),
      vg.strings("tags"),
      vg.list("empty"),
      vg.section("sub").integer("n"),
    ]).toEqual(["a", 7, ["x", "y", "z"], [], 0]);
    expect(text.integer("last")).toBe(1);
  });

  test("in double quotes a backslash makes the next character plain; in single quotes nothing does", () => {
    const text = parse(String.raw`a = "say \"hi\" \\ {#}"  b = 'back\slash "#"'`);
    expect(text.string("a")).toBe(String.raw`say "hi" \ {#}`);
    expect(text.string("b")).toBe(String.raw`back\slash "#"`);
  });

  test("keys may be digits, dots and dashes, or prototype words", () => {
    const text = parse("2024.x-y { v = 1 } 7 { v = 2 } constructor { v = 3 } __proto__ { v = 4 }");
    expect([...text.sections()].map(([key, { path }]) => [key, path])).toEqual([
      ["2024.x-y", "2024.x-y"],
      ["7", "7"],
      ["constructor", "constructor"],
      ["__proto__", "__proto__"],
    ]);
    expect(parse("a = 1").has("toString")).toBe(false);
  });

  test("ends at a NUL", () => expect(parse('a = "x"\n\0 garbage { [').string("a")).toBe("x"));

  test("text that is no ASCII is UTF-8", () => expect(parse('host = "añil"').string("host")).toBe("añil"));

  test("of two equal keys the first counts", () => expect(parse("a = 1 a = 2").integer("a")).toBe(1));

  const refused: readonly (readonly [string, string])[] = [
    ["vg {", "line 1: expected a key, found the end of the text (pv, byte 0x1204)"],
    ["vg {\n a = }", 'line 2: expected a value, found "}" (pv, byte 0x120a)'],
    ["}", 'line 1: expected a key, found "}"'],
    ["a = [1 2]", 'line 1: expected ",", found "2"'],
    ["a b", 'line 1: expected "=", found "b"'],
    ['a = "b', "line 1: a string has no end (pv, byte 0x1204)"],
    ["a = word", 'line 1: expected a value, found "word"'],
    ["x { ".repeat(40), "line 1: sections nest deeper than 32"],
    ["x { ".repeat(1_000_000), "line 1: sections nest deeper than 32"],
  ];
  test.each(refused)("%.30j is refused", (text, message) => {
    expect(() => parse(text)).toThrow(`lvm2: metadata text: ${message}`);
  });

  test("values of another kind than asked for are named with their path", () => {
    const vg = parse('vg { n = "x" big = 9007199254740992 minus = -1 half = 0.5 list = [1, "a"] sub { } }').section("vg");
    const said = (read: () => unknown) => {
      try {
        return read();
      } catch (error) {
        return String(error);
      }
    };
    expect([
      said(() => vg.integer("n")),
      said(() => vg.integer("big")),
      said(() => vg.integer("minus")),
      said(() => vg.integer("half")),
      said(() => vg.strings("list")),
      said(() => vg.string("sub")),
      said(() => vg.section("none")),
    ]).toEqual([
      'NomountError: lvm2: metadata text: vg: n: expected an integer, found "x" (pv)',
      "NomountError: lvm2: metadata text: vg: big: expected an integer of 0 to 2^53 - 1, found 9007199254740992 (pv)",
      "NomountError: lvm2: metadata text: vg: minus: expected an integer of 0 to 2^53 - 1, found -1 (pv)",
      "NomountError: lvm2: metadata text: vg: half: expected an integer, found 0.5 (pv)",
      "NomountError: lvm2: metadata text: vg: list: expected a list of strings, found a list (pv)",
      "NomountError: lvm2: metadata text: vg: sub: expected a string, found a section (pv)",
      "NomountError: lvm2: metadata text: vg: none: expected a section, found nothing (pv)",
    ]);
  });
});
