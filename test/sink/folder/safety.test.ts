import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { extract } from "../../../src/extract/extract.ts";
import type { Report } from "../../../src/extract/report.ts";
import { FolderSink } from "../../../src/sink/folder/folder-sink.ts";
import { FakeFileSystem, type FakeNode, folder, link } from "../../support/fake-file-system.ts";
import { withFreshFolder } from "../../support/mount.ts";
import { selectionOf } from "../../support/selection-of.ts";

function copy(root: FakeNode, to: string): Promise<Report> {
  return extract([selectionOf(new FakeFileSystem(root))], new FolderSink(to));
}

function lines({ failed }: Report, top: string): readonly string[] {
  return failed.map(({ path, fault }) => `${path}: ${fault.message.replaceAll(top, "TO")}`);
}

/** A folder `to` beside a folder `outside` that nothing may get into. */
async function withTrap(work: (to: string) => Promise<void>): Promise<void> {
  await withFreshFolder(async (scratch) => {
    mkdirSync(join(scratch, "outside"));
    writeFileSync(join(scratch, "outside/precious"), "precious");
    await work(join(scratch, "to"));
    expect(readdirSync(join(scratch, "outside"))).toEqual(["precious"]);
    expect(readFileSync(join(scratch, "outside/precious"), "utf8")).toBe("precious");
    expect(readdirSync(scratch).toSorted()).toEqual(["outside", "to"]);
  });
}

test("a directory with the name of a symlink of the same guest is refused, and so is what it holds", async () => {
  await withTrap(async (to) => {
    const root: FakeNode = {
      entries: [
        ["trap", link("../outside")],
        ["trap", folder({ planted: { content: "!" }, deeper: folder({ planted: { content: "!" } }) })],
        ["after", { content: "after" }],
      ],
    };
    const report = await copy(root, to);
    // The link may be written after the folder was to be made: either order is safe, and one of the two loses.
    expect(report.failedCount).toBeGreaterThan(0);
    expect(readFileSync(join(to, "after"), "utf8")).toBe("after");
  });
});

test("a symlink that is there already is not followed, in the middle of a path or at its end", async () => {
  await withTrap(async (to) => {
    mkdirSync(join(to, "sub"), { recursive: true });
    symlinkSync("../../outside", join(to, "sub/way"));
    symlinkSync("../outside/precious", join(to, "file"));
    symlinkSync("../outside/new", join(to, "dangling"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const root = folder({
      sub: folder({ way: folder({ planted: { content: "!" } }) }),
      file: { content: "new" },
      dangling: { content: "new" },
    });
    const report = await copy(root, to);
    expect(lines(report, to)).toEqual([
      "sub/way: sub/way is there already, and is no directory",
      "sub/way/planted: sub/way in the destination is a symbolic link, which is not followed",
    ]);
    expect(readlinkSync(join(to, "sub/way"))).toBe("../../outside");
    expect(lstatSync(join(to, "file")).isFile()).toBe(true);
    expect(lstatSync(join(to, "dangling")).isFile()).toBe(true);
  });
});

test("names that would leave the destination are refused by name", async () => {
  await withTrap(async (to) => {
    const evil = { content: "!" };
    const root: FakeNode = {
      entries: [
        ["..", evil],
        ["../outside/planted", evil],
        ["/tmp/planted", evil],
        ["", evil],
        [".", folder({ planted: evil })],
        ["zero\0byte", evil],
        ["..", folder({ outside: folder({ planted: evil }) })],
        ["...", { content: "fine" }],
        [
          "sub",
          {
            entries: [
              ["../../outside/planted", evil],
              ["a/../../outside/p", link("x")],
            ],
          },
        ],
      ],
    };
    const report = await copy(root, to);
    expect(report.failed.map(({ fault }) => fault.message)).toEqual([
      'the name ".." would leave its folder: not copied',
      'the name "../outside/planted" holds a "/": not copied',
      'the name "/tmp/planted" holds a "/": not copied',
      'the name "." would leave its folder: not copied',
      'the name "zero\\x00byte" holds a zero byte: not copied',
      'the name ".." would leave its folder: not copied',
      'the name "../../outside/planted" holds a "/": not copied',
      'the name "a/../../outside/p" holds a "/": not copied',
    ]);
    expect(readdirSync(to).toSorted()).toEqual(["...", "sub"]);
    expect(readdirSync(join(to, "sub"))).toEqual([]);
  });
});

test("a name that comes twice does not silently replace the first", async () => {
  await withFreshFolder(async (scratch) => {
    const to = join(scratch, "to");
    const root: FakeNode = {
      entries: [
        ["twin", { content: "first" }],
        ["twin", { content: "second" }],
        ["twin", link("third")],
      ],
    };
    const report = await copy(root, to);
    const message =
      "TO/twin was made in this run already: another name of the guest differs only in case, or the directory is damaged";
    expect(lines(report, to)).toEqual([`twin: ${message}`, `twin: ${message}`]);
    expect(readFileSync(join(to, "twin"), "utf8")).toBe("first");
  });
});

test("folders that the destination takes for the same are merged, and that is said", async () => {
  await withFreshFolder(async (scratch) => {
    const to = join(scratch, "to");
    const root: FakeNode = {
      entries: [
        ["twin", folder({ a: { content: "a" } })],
        ["twin", folder({ b: { content: "b" } })],
      ],
    };
    const report = await copy(root, to);
    expect(report.losses).toMatchObject([{ facet: "name", paths: ["twin"] }]);
    expect(readdirSync(join(to, "twin")).toSorted()).toEqual(["a", "b"]);
  });
});

test("a name that is too long is its own line, and the rest comes", async () => {
  await withFreshFolder(async (scratch) => {
    const to = join(scratch, "to");
    const long = "n".repeat(256);
    const report = await copy(
      folder({ [long]: { content: "x" }, [`${long}d`]: folder({ in: { content: "x" } }), short: { content: "y" } }),
      to,
    );
    expect(lines(report, to)).toEqual([
      `${long}d: the name is too long for the destination (ENAMETOOLONG)`,
      `${long}d/in: the name is too long for the destination (ENAMETOOLONG)`,
      `${long}: the name is too long for the destination (ENAMETOOLONG)`,
    ]);
    expect(readdirSync(to)).toEqual(["short"]);
  });
});

test("a hard link whose file did not come is said, and no link is made elsewhere", async () => {
  await withTrap(async (to) => {
    const twice: FakeNode = { content: "content" };
    const root: FakeNode = {
      entries: [
        ["n".repeat(256), twice],
        ["second", twice],
      ],
    };
    const report = await copy(root, to);
    expect(report.failed.map(({ fault }) => fault.message)).toEqual([
      "the name is too long for the destination (ENAMETOOLONG)",
      "the name is too long for the destination (ENAMETOOLONG)",
    ]);
    expect(existsSync(join(to, "second"))).toBe(false);
  });
});
