import { expect, test } from "vitest";
import { NomountError, SourceError } from "../../src/error.ts";
import { type ExtractOptions, extract } from "../../src/extract/extract.ts";
import { LISTED, type Report } from "../../src/extract/report.ts";
import { FakeFileSystem, type FakeNode, folder, link } from "../support/fake-file-system.ts";
import { RecordingSink } from "../support/recording-sink.ts";
import { selectionOf } from "../support/selection-of.ts";

async function run(
  root: FakeNode,
  paths: readonly string[] = ["/"],
  options: ExtractOptions = {},
): Promise<{ readonly sink: RecordingSink; readonly report: Report }> {
  const fileSystem = new FakeFileSystem(root);
  const sink = new RecordingSink();
  const report = await extract(
    paths.map((path) => selectionOf(fileSystem, path)),
    sink,
    options,
  );
  return { sink, report };
}

const hosts = { content: "127.0.0.1 localhost\n" };
const tree = () =>
  folder({
    etc: folder({ hosts, passwd: { content: "root" }, ssl: folder({ "cert.pem": { content: "cert" } }) }),
    var: folder({ log: folder({ syslog: { content: "log" }, "old.gz": { content: "gz" } }), empty: folder({}) }),
    link: link("etc"),
  });

test("a root's content goes straight to the destination, each directory before what it holds", async () => {
  const { sink, report } = await run(tree());
  expect(sink.paths).toEqual([
    "",
    "etc",
    "etc/hosts",
    "etc/passwd",
    "etc/ssl",
    "etc/ssl/cert.pem",
    "var",
    "var/log",
    "var/log/syslog",
    "var/log/old.gz",
    "var/empty",
    "link",
  ]);
  expect(sink.contents.get("etc/hosts")).toBe(hosts.content);
  expect(sink.entries.at(-1)?.linkTarget).toBe("etc");
  expect(sink.calls).toEqual(["open", "finish"]);
  expect(report).toMatchObject({ copied: { file: 5, directory: 6, symlink: 1 }, contentBytes: 33, ended: undefined });
});

test("what is selected comes under its own name", async () => {
  const { sink } = await run(tree(), ["/etc/hosts", "/var/log"]);
  expect(sink.paths).toEqual(["hosts", "log", "log/syslog", "log/old.gz"]);
});

test("selections that would have the same place are refused before anything is done", async () => {
  const root = folder({ a: folder({ x: hosts }), b: folder({ x: hosts }) });
  await expect(run(root, ["/a/x", "/b/x"])).rejects.toThrow(
    '/a/x and /b/x cannot be copied together, both would be "x" in the destination: copy them one at a time',
  );
  await expect(run(root, ["/", "/a"])).rejects.toThrow("a root fills the destination alone");
});

test("a file of several names comes once, and its other names as links to the first, between selections too", async () => {
  const twice: FakeNode = { content: "twice" };
  const linkTwice = link("x");
  const root = folder({ a: folder({ one: twice, l1: linkTwice }), b: folder({ two: twice, three: twice, l2: linkTwice }) });
  const { sink, report } = await run(root, ["/a", "/b"]);
  expect(sink.paths).toEqual(["a", "a/one", "a/l1", "b", "b/two = a/one", "b/three = a/one", "b/l2 = a/l1"]);
  expect(report.copied["hard link"]).toBe(3);
});

test("when the first name cannot be had, the next one is tried for itself", async () => {
  const refused: FakeNode = { contentFault: new NomountError("unsupported", "encrypted") };
  const { sink, report } = await run(folder({ one: refused, two: refused }));
  expect(sink.paths).toEqual([""]);
  expect(report.failed.map(({ path }) => path)).toEqual(["one", "two"]);
});

test.each<[string, ExtractOptions, readonly string[]]>([
  ["a name", { include: ["*.pem"] }, ["", "etc", "etc/ssl", "etc/ssl/cert.pem"]],
  ["a path", { include: ["/var/log/*"] }, ["", "var", "var/log", "var/log/syslog", "var/log/old.gz"]],
  ["a directory, with what it holds", { include: ["var/log"] }, ["", "var", "var/log", "var/log/syslog", "var/log/old.gz"]],
  ["an empty directory", { include: ["empty"] }, ["", "var", "var/empty"]],
  ["any depth", { include: ["**/ssl/**"] }, ["", "etc", "etc/ssl", "etc/ssl/cert.pem"]],
  ["two globs", { include: ["hosts", "link"] }, ["", "etc", "etc/hosts", "link"]],
  ["less what is excluded", { include: ["log"], exclude: ["*.gz"] }, ["", "var", "var/log", "var/log/syslog"]],
  ["nothing", { include: ["nothing"] }, []],
])("include: %s", async (_, options, paths) => {
  expect((await run(tree(), ["/"], options)).sink.paths).toEqual(paths);
});

test.each<[string, readonly string[], readonly string[]]>([
  ["a directory, with what it holds", ["etc", "log"], ["", "var", "var/empty", "link"]],
  ["a path, with a slash at either end", ["/etc/", "/var/log/"], ["", "var", "var/empty", "link"]],
  [
    "a name with brackets and dots",
    ["[a-z]*.gz", "*.pem", "{hosts,passwd}"],
    ["", "etc", "etc/ssl", "var", "var/log", "var/log/syslog", "var/empty", "link"],
  ],
])("exclude: %s", async (_, exclude, paths) => {
  const { sink, report } = await run(tree(), ["/"], { exclude });
  expect(sink.paths).toEqual(paths);
  expect(report.filteredCount).toBeGreaterThan(0);
});

test("globs see names that begin with a dot, and paths from the root whatever is selected", async () => {
  const root = folder({
    home: folder({ ".cache": folder({ big: { content: "" } }), ".profile": { content: "" }, file: { content: "" } }),
  });
  expect((await run(root, ["/home"], { exclude: ["home/.cache"] })).sink.paths).toEqual(["home", "home/.profile", "home/file"]);
  expect((await run(root, ["/home"], { include: [".*"] })).sink.paths).toEqual([
    "home",
    "home/.cache",
    "home/.cache/big",
    "home/.profile",
  ]);
});

test("newer files only, with the directories on the way", async () => {
  const root = folder({
    a: folder({ old: { content: "", modifiedNs: 100n }, same: { content: "", modifiedNs: 200n } }),
    b: folder({ c: folder({ new: { content: "", modifiedNs: 201n } }), d: folder({}) }, { modifiedNs: 0n }),
  });
  expect((await run(root, ["/"], { newerNs: 200n })).sink.paths).toEqual(["", "b", "b/c", "b/c/new"]);
});

test("named streams: beside, as attributes, or not at all, as that is said", async () => {
  const small = Uint8Array.from(Buffer.from("[ZoneTransfer]"));
  const root = () =>
    folder({
      "setup.exe": { content: "MZ", streams: { "Zone.Identifier": small, big: new Uint8Array(70_000), "..": small } },
      dir: { ...folder({}), streams: { note: small } },
    });
  const beside = await run(root());
  expect(beside.sink.paths).toEqual(["", "setup.exe", "setup.exe:Zone.Identifier", "setup.exe:big", "dir:note", "dir"]);
  expect(beside.sink.contents.get("setup.exe:Zone.Identifier")).toBe("[ZoneTransfer]");
  expect(beside.report.failed).toEqual([
    { path: "setup.exe:..", fault: { kind: "path", message: 'the name ".." would leave its folder: not copied' } },
  ]);
  const xattr = await run(root(), ["/"], { streams: "xattr" });
  expect(xattr.sink.paths).toEqual(["", "setup.exe", "dir"]);
  expect(xattr.sink.entries[1]?.xattrs.map(({ name, value }) => `${name} ${value.length}`)).toEqual([
    "user.Zone.Identifier 14",
    "user... 14",
  ]);
  expect(xattr.report.losses).toMatchObject([{ facet: "stream", count: 1, paths: ["setup.exe:big"] }]);
  const none = await run(root(), ["/"], { streams: "none" });
  expect(none.sink.paths).toEqual(["", "setup.exe", "dir"]);
  expect(none.report.losses.reduce((sum, { count }) => sum + count, 0)).toBe(4);
});

test("one stream can be selected", async () => {
  const fileSystem = new FakeFileSystem(folder({ f: { content: "main", streams: { s: Uint8Array.of(65) } } }));
  const sink = new RecordingSink();
  await extract([{ ...selectionOf(fileSystem, "/f"), stream: "s" }], sink);
  expect(sink.paths).toEqual(["f:s"]);
  expect(sink.contents.get("f:s")).toBe("A");
});

test("damage on the way is told with its place, and the rest comes", async () => {
  const fileSystem = new FakeFileSystem(tree());
  const list = fileSystem.list.bind(fileSystem);
  fileSystem.list = function* (directory) {
    yield* list(directory);
    if (directory === 2) throw new NomountError("corrupt", "ext4: inode 2: bad entry");
  };
  const sink = new RecordingSink();
  const report = await extract([selectionOf(fileSystem)], sink);
  expect(report).toMatchObject({
    damagedCount: 1,
    damaged: [{ path: "/etc", fault: { message: "ext4: inode 2: bad entry" } }],
  });
  expect(report.copied.file).toBe(5);
});

test("a source that dies in the walk ends the run, and the sink is aborted", async () => {
  const fileSystem = new FakeFileSystem(tree());
  fileSystem.node = () => {
    throw new SourceError("the device has gone", { label: "sda", offsetBytes: 0, lengthBytes: 1 }, { fatal: true });
  };
  const sink = new RecordingSink();
  const selection = selectionOf(new FakeFileSystem(tree()));
  const report = await extract([{ ...selection, fileSystem }], sink);
  expect(report.ended).toMatchObject({ kind: "source", message: "the device has gone (sda, byte 0x0)" });
  expect(sink.calls).toEqual(["open", "abort"]);
});

test("an error that is none of ours is a bug, and comes out as it is", async () => {
  const fileSystem = new FakeFileSystem(tree());
  fileSystem.xattrs = () => {
    throw new TypeError("a bug");
  };
  const sink = new RecordingSink();
  await expect(extract([selectionOf(fileSystem)], sink)).rejects.toThrow(TypeError);
  expect(sink.calls).toEqual(["open", "abort"]);
});

test("a report is bounded, however much goes wrong", async () => {
  const entries = Array.from({ length: LISTED + 5 }, (_, i): [string, FakeNode] => [
    `f${i}`,
    { contentFault: new NomountError("corrupt", "bad") },
  ]);
  let told = 0;
  const observer = {
    failed: () => {
      told += 1;
    },
  };
  const { report } = await run({ entries }, ["/"], { observer });
  expect(report.failed.length).toBe(LISTED);
  expect(report.failedCount).toBe(LISTED + 5);
  expect(told).toBe(LISTED + 5);
});
