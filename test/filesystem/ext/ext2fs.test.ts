import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NomountError } from "../../../src/error.ts";
import { Ext2fs, type RawInode } from "../../../src/filesystem/ext/ext2fs.ts";
import { ext2fsWasm } from "../../../src/node/ext2fs-wasm.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { fixtureBytes } from "../../support/fixture.ts";
import { repositoryFolder } from "../../support/repository.ts";

const INODE_BYTES = 256;
const ROOT = 2;
const module = new WebAssembly.Module(ext2fsWasm());
const source = new MemorySource(new Uint8Array(fixtureBytes("ext4-deep")), "ext4-deep.img");

function library(fuel?: number): Ext2fs {
  return fuel === undefined ? new Ext2fs(module, source, "ext4") : new Ext2fs(module, source, "ext4", fuel);
}

function rawInode(of: Ext2fs, number: number): RawInode {
  return { number, bytes: of.inodes(number, 1).bytes.subarray(4, 4 + INODE_BYTES) };
}

test("the module asks its host for reads and for nothing else", () => {
  const imports = WebAssembly.Module.imports(module).map(({ module: from, name }) => `${from}.${name}`);
  expect(imports).toEqual(["host.read"]);
});

test("a call that does not come to an end costs its instance, and the next call goes on", () => {
  const indexed = new Ext2fs(module, source, "ext4").inodes(ROOT, 1);
  // Enough to open and to read an inode, too little to list a directory.
  const scarce = library(2000);
  const raw = { number: ROOT, bytes: indexed.bytes.subarray(4, 4 + INODE_BYTES) };
  let refusal: unknown;
  for (let attempt = 0; attempt < 3; attempt++) {
    expect(scarce.inodes(ROOT, 1).bytes).toEqual(indexed.bytes);
    try {
      for (let i = 11; i < 30; i++) scarce.inodes(1, 4000);
      scarce.directory(raw, 0);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(NomountError);
    expect(String(refusal)).toMatch(/ext4: inode \d+: reading it did not come to an end \(unreachable\) \(ext4-deep\.img\)/);
  }
});

test("without fuel even opening comes to an end", () => {
  expect(() => library(3).open()).toThrow(/superblock or group descriptors: reading it did not come to an end/);
});

test("inodes come in groups, each with its code", () => {
  const whole = library();
  const { bytes, next } = whole.inodes(3990, 100);
  expect(next).toBe(4001);
  expect(bytes.length).toBe(11 * (4 + INODE_BYTES));
  expect(() => whole.inodes(4001, 1)).toThrow(/expected an inode from 1 to 4000, found 4001/);
});

test("the first inode that may be in use, by the count that group descriptors keep", () => {
  const whole = library();
  expect(whole.nextUsedInode(1)).toBe(1);
  expect(whole.nextUsedInode(3999)).toBeUndefined();
});

test("where an inode lies", () => {
  const whole = library();
  const place = whole.inodePlace(ROOT) ?? 0;
  const there = new Uint8Array(INODE_BYTES);
  source.readSync(there, place);
  expect(there).toEqual(rawInode(whole, ROOT).bytes);
  expect(whole.inodePlace(4001)).toBeUndefined();
});

test("after closing, the next call opens again", () => {
  const whole = library();
  const before = whole.inodes(ROOT, 1).bytes;
  whole.close();
  expect(whole.inodes(ROOT, 1).bytes).toEqual(before);
});

/** The build's own parts, which are plain modules for Node. */
function inBuild<T>(expression: string): T {
  const build = join(repositoryFolder, "wasm/build");
  const script = `
    import { gplMentions, checkLicences } from ${JSON.stringify(`${build}/licence.mjs`)};
    import { parseErrorTable, errorHeaders } from ${JSON.stringify(`${build}/error-table.mjs`)};
    import { extract, pack } from ${JSON.stringify(`${build}/tar.mjs`)};
    console.log(JSON.stringify(${expression}));
  `;
  return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" })) as T;
}

test("the build finds what speaks of a GPL without the word Library", () => {
  const mentions = (text: string) => inBuild<string[]>(`gplMentions(${JSON.stringify(text)})`);
  expect(mentions("/* under the GNU Library\n * General Public License, version 2. */")).toEqual([]);
  expect(mentions(" * under the terms of the LGPL")).toEqual([]);
  expect(mentions("/* the GNU General\n * Public License version 2 */")).toEqual(["GNU General Public License"]);
  expect(mentions(" * This code is made available under the terms of the GPL")).toEqual(["GPL"]);
  expect(mentions("# GNU Public\n# License.")).toEqual(["GNU Public License"]);
  const refused = `(() => { try { checkLicences(new Map([["lib/ext2fs/x.c", new TextEncoder().encode("GNU GPL")]])) } catch (e) { return e.message } })()`;
  expect(inBuild<string>(refused)).toMatch(/^wasm: lib\/ext2fs\/x\.c is not under the Library GPL: it says "GPL"/);
});

test("error codes are numbered as compile_et numbers them", () => {
  const table = `parseErrorTable('error_table ext2\\nec A,\\n\\t"first @E2FSPROGS_VERSION@"\\n\\nec B,\\n\\t"second"\\n', "1.47.0")`;
  expect(inBuild(table)).toEqual({
    base: 2133571328,
    codes: [
      { name: "A", text: "first 1.47.0" },
      { name: "B", text: "second" },
    ],
  });
});

test("an archive of files gives them back, and is the same whatever their order", () => {
  const files = `new Map([["top/a", new Uint8Array(513).fill(7)], ["top/b", new Uint8Array(0)]])`;
  expect(inBuild(`[...extract(pack(${files}), ["a", "b"])].map(([name, bytes]) => [name, bytes.length])`)).toEqual([
    ["a", 513],
    ["b", 0],
  ]);
  expect(inBuild(`pack(${files}).equals(pack(new Map([...${files}].reverse())))`)).toBe(true);
});

test("the package carries the source of the module", () => {
  const archive = join(repositoryFolder, "dist/ext2fs-source.tar.gz");
  const names = execFileSync("tar", ["-tzf", archive], { encoding: "utf8" }).trim().split("\n");
  expect(names).toEqual(
    expect.arrayContaining([
      "e2fsprogs-1.47.0/NOTICE",
      "e2fsprogs-1.47.0/lib/ext2fs/openfs.c",
      "wasm/LICENSE.LGPL-2.0",
      "wasm/NOTICE",
      "wasm/build.mjs",
      "wasm/glue/extents.c",
    ]),
  );
  expect(names.filter((name) => /crc16\.[ch]$|crc32c\.c$|rbtree|kernel-jbd|nls_utf8|dirhash/.test(name))).toEqual([
    "wasm/glue/include/crc16.h",
  ]);
  expect(readFileSync(archive).length).toBeLessThan(1 << 20);
});
