import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { runProcess } from "../support/built-command.ts";
import { scratchFolder, unpackFixture } from "../support/fixture.ts";
import { repositoryFolder } from "../support/repository.ts";

const scratch = scratchFolder();
let checkout: string;
let packed: { readonly filename: string; readonly files: readonly { readonly path: string }[] };

/** npm as a stranger would have it: nothing of the npm that runs these tests. */
function npm(folder: string, ...args: readonly string[]) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?!config_(cache|registry|userconfig)$)/i.test(name)),
  );
  return spawnSync("npm", args, { cwd: folder, encoding: "utf8", env });
}

beforeAll(() => {
  checkout = join(scratch.path, "checkout");
  mkdirSync(checkout);
  const left = new Set([".git", "node_modules", "dist", ".cache", "test", "fixtures"]);
  for (const name of readdirSync(repositoryFolder)) {
    if (!left.has(name)) cpSync(join(repositoryFolder, name), join(checkout, name), { recursive: true });
  }
  symlinkSync(join(repositoryFolder, "node_modules"), join(checkout, "node_modules"));
  // The build leaves out these folders: what is there must not get into the package.
  for (const name of ["test", "fixtures"]) mkdirSync(join(checkout, name));
  const { status, stdout, stderr } = npm(checkout, "pack", "--json");
  expect(status, stderr).toBe(0);
  [packed] = JSON.parse(stdout.slice(stdout.indexOf("[\n")));
}, 300_000);

describe("npm pack", () => {
  test("builds the package, with the reader of ext and its complete source, and without what only a checkout needs", () => {
    const paths = packed.files.map(({ path }) => path);
    for (const path of [
      ...["package.json", "README.md", "LICENSE", "CHANGELOG.md"],
      ...["dist/cli/main.js", "dist/cli/LICENSES.txt", "dist/index.js", "dist/index.d.ts", "dist/core.js", "dist/core.d.ts"],
      ...["dist/ext2fs.wasm", "dist/ext2fs-source.tar.gz"],
      ...["wasm/NOTICE", "wasm/LICENSE.LGPL-2.0", "wasm/build.mjs", "wasm/README.md"],
    ]) {
      expect(paths).toContain(path);
    }
    expect(paths.filter((path) => !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/|wasm\/)/.test(path))).toEqual([]);
    expect(paths.filter((path) => /\.(tsbuildinfo|key|test\..*)$/.test(path))).toEqual([]);
  });

  test("carries the source of every file of libext2fs that is linked", () => {
    const archive = join(checkout, "dist/ext2fs-source.tar.gz");
    const { stdout } = spawnSync("tar", ["-tzf", archive], { encoding: "utf8" });
    const names = new Set(stdout.split("\n"));
    for (const name of ["openfs.c", "inode.c", "ext_attr.c", "csum.c"]) {
      expect([...names].some((path) => path.endsWith(`lib/ext2fs/${name}`))).toBe(true);
    }
    expect([...names].some((path) => path.endsWith("NOTICE"))).toBe(true);
  });
});

describe("the package, installed into an empty folder", () => {
  let folder: string;
  beforeAll(() => {
    folder = join(scratch.path, "installed");
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
    const tarball = join(checkout, packed.filename);
    const { status, stderr } = npm(
      folder,
      "install",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      tarball,
    );
    expect(status, stderr).toBe(0);
    unpackFixture("guest-disk", folder);
  }, 300_000);

  test("runs as a command, with no toolchain beside it", async () => {
    expect(readdirSync(join(folder, "node_modules")).filter((name) => /clang|typescript/.test(name))).toEqual([]);
    const nomount = (...args: readonly string[]) =>
      runProcess(join(folder, "node_modules/.bin/nomount"), args, { cwd: folder });
    expect((await nomount("--version")).stdout.toString()).toBe(
      `${JSON.parse(readFileSync(join(repositoryFolder, "package.json"), "utf8")).version}\n`,
    );
    expect((await nomount("cat", "guest-disk.img", "p2:/etc/hostname")).stdout.toString()).toBe("invitado\n");
    expect((await nomount("cp", "guest-disk.img", "p1:/boot.ini", "p2:/home/ana", "out")).status).toBe(0);
    expect(readdirSync(join(folder, "out")).sort()).toEqual(["ana", "boot.ini"]);
  });

  test("is imported by its name, with types that a strict compiler takes", async () => {
    const program = `
import { type BlockSource, extract, FolderSink, type Image, NomountError, openImage, readable, TarSink, walk } from "nomount";
import { fileSystemDrivers, MemorySource, openImage as openSources, volumeDrivers } from "nomount/core";

const image: Image = await openImage("guest-disk.img", { warn: (warning: NomountError) => console.error(warning.message) });
const { fileSystem, node } = image.locate("p2:/etc/hostname");
const content: BlockSource = fileSystem.content(node.id);
for await (const bytes of readable(content)) process.stdout.write(bytes);
console.log([...walk(fileSystem, image.locate("p2:/etc").node, () => undefined)].length);
const report = await extract([image.locate("p2:/etc")], new FolderSink("by-library"));
console.log(report.copied.file, typeof TarSink, report.ended);
const bare = openSources(new MemorySource(new Uint8Array(4096)), { volumeDrivers, fileSystemDrivers: fileSystemDrivers(() => new Uint8Array()) });
console.log([...bare.places()].map((place) => place.content.kind));
image.close();
`;
    writeFileSync(join(folder, "program.ts"), program);
    const compiler = join(repositoryFolder, "node_modules/typescript/bin/tsc");
    const types = join(repositoryFolder, "node_modules/@types");
    const options = [
      "--strict",
      "--exactOptionalPropertyTypes",
      "--target",
      "es2022",
      "--module",
      "nodenext",
      "--typeRoots",
      types,
      "--types",
      "node",
    ];
    const compiled = await runProcess(process.execPath, [compiler, ...options, "program.ts"], { cwd: folder });
    expect([compiled.status, compiled.stdout.toString()]).toEqual([0, ""]);
    const { status, stdout, stderr } = await runProcess(process.execPath, ["program.js"], { cwd: folder });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout.toString()).toBe("invitado\n7\n4 function undefined\n[ 'unknown' ]\n");
  }, 180_000);
});
