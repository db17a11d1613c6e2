import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSource } from "../../../src/source/file/open-source.ts";
import { splitSeries } from "../../../src/source/file/split-series.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { scratchFolder } from "../../support/fixture.ts";
import { toolOutput } from "../../support/tool-output.ts";
import { describeWith, isRoot } from "../../support/tools.ts";

const folder = scratchFolder();
let count = 0;

/** A folder of its own with files of these names. */
function having(...names: string[]): string {
  const path = join(folder.path, String(count++));
  mkdirSync(path);
  for (const name of names) writeFileSync(join(path, name), name);
  return path;
}

function seriesIn(path: string, first: string): readonly string[] | undefined {
  return splitSeries(join(path, first))?.map((part) => part.slice(path.length + 1));
}

describe("a split image", () => {
  test.each([
    [["disk.001", "disk.002", "disk.003"]],
    [["disk.000", "disk.001"]],
    [["disk.0000", "disk.0001"]],
    [["disk.img.aa", "disk.img.ab", "disk.img.ac"]],
    [["xaa", "xab"]],
    [["disk-aaa", "disk-aab"]],
  ])("%j is taken in order", (names) => {
    expect(seriesIn(having(...names.toReversed(), "other.001", "readme.md"), names[0] ?? "")).toEqual(names);
  });

  test("of more parts than two letters have goes on as split(1) does", () => {
    const letters = "abcdefghijklmnopqrstuvwxyz";
    const short = [...letters.slice(0, 25)].flatMap((a) => [...letters].map((b) => `x${a}${b}`));
    const names = [...short, "xzaaa", "xzaab"];
    expect(seriesIn(having(...names), "xaa")).toEqual(names);
    expect(() => seriesIn(having(...short, "xzaab"), "xaa")).toThrow("xzaaa is missing from the split image");
  });

  test("with a part missing is refused, and the part is named", () => {
    expect(() => seriesIn(having("disk.001", "disk.002", "disk.004"), "disk.001")).toThrow(
      /^disk\.003 is missing from the split image .*disk\.001, though disk\.004 is there$/,
    );
    expect(() => seriesIn(having("disk.aa", "disk.ac"), "disk.aa")).toThrow("disk.ab is missing");
    expect(() => seriesIn(having("disk.000", "disk.002"), "disk.000")).toThrow("disk.001 is missing");
  });

  test.skipIf(!isRoot)(
    "in a folder that cannot be listed is refused, since its parts are not known [as root, to be nobody]",
    () => {
      const path = having("disk.001", "disk.002");
      process.seteuid?.(65534);
      try {
        expect(() => splitSeries(join(path, "disk.001"))).toThrow(/cannot be listed to find the others/);
      } finally {
        process.seteuid?.(0);
      }
    },
  );

  test("named by a later part says which is the first", () => {
    expect(() => seriesIn(having("disk.001", "disk.002"), "disk.002")).toThrow(
      "is a later part of a split image: name the first, disk.001",
    );
    expect(() => seriesIn(having("disk.000", "disk.001"), "disk.001")).toThrow("name the first, disk.000");
    expect(() => seriesIn(having("disk.aa", "disk.ab", "disk.ac"), "disk.ac")).toThrow("name the first, disk.aa");
  });

  test.each([
    ["a single part", ["disk.001"], "disk.001"],
    ["a number without its first", ["vm.007", "vm.008"], "vm.007"],
    ["an extension of letters", ["disk.aa", "disk.ab", "disk.gz"], "disk.gz"],
    ["a two-letter extension beside others", ["disk.gz", "disk.xz"], "disk.gz"],
    ["disks that are numbered by two digits", ["disk-01", "disk-02"], "disk-01"],
    ["a word that ends in aa", ["bahamaa", "bahamab"], "bahamaa"],
  ])("is not made of %s", (_, names, first) => {
    expect(seriesIn(having(...names), first)).toBeUndefined();
  });

  test("has the bytes of its parts, whatever their lengths", async () => {
    const path = having();
    for (const [name, text] of [
      ["d.001", "first,"],
      ["d.002", "2"],
      ["d.003", ",the third"],
    ] as const)
      writeFileSync(join(path, name), text);
    const source = await openSource(join(path, "d.001"));
    const all = new Uint8Array(source.sizeBytes);
    source.readSync(all, 0);
    expect(Buffer.from(all).toString()).toBe("first,2,the third");
    expect(source.transfer?.segments.map(({ sizeBytes }) => sizeBytes)).toEqual([6, 1, 10]);
    source.close();
  });

  test("of which a part is empty or unreadable leaves no part open", async () => {
    const path = having("e.001", "e.002");
    writeFileSync(join(path, "e.002"), "");
    await expect(openSource(join(path, "e.001"))).rejects.toThrow("e.002 is empty");
  });
});

describeWith(["split"], "parts made by split(1)", () => {
  test.each([
    ["letters", ["-b", "1000"]],
    ["many letters", ["-b", "10"]],
    ["numbers", ["-b", "1000", "-a", "3", "-d"]],
    ["numbers from one", ["-b", "1000", "-a", "3", "--numeric-suffixes=1"]],
  ])("with %s come together again", async (_, options) => {
    const path = having();
    const bytes = countedBytes(7777);
    toolOutput("split", [...options, "-", join(path, "disk.img.")], bytes);
    const [first = ""] = readdirSync(path).sort();
    const source = await openSource(join(path, first));
    const all = new Uint8Array(source.sizeBytes);
    source.readSync(all, 0);
    source.close();
    expect(Buffer.compare(all, bytes)).toBe(0);
  });
});
