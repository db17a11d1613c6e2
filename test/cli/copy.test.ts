import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { builtCommand, runBuilt, runProcess } from "../support/built-command.ts";
import { scratchFolder, unpackFixture } from "../support/fixture.ts";
import { type GoldenEntry, guestDisk } from "../support/guest-disk.ts";
import { describeIf, describeWith, toolEnv } from "../support/tools.ts";
import { canBeUnprivileged, unprivileged } from "../support/unprivileged.ts";

const scratch = scratchFolder();
let disk: string;
beforeAll(() => {
  disk = unpackFixture("guest-disk", scratch.path);
});

const golden = (volume: "p1" | "p2", below = "") =>
  guestDisk.volumes[volume].entries.filter(({ path }) => path === below || path.startsWith(below === "" ? "" : `${below}/`));
const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
const below = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();

/** Checks a copy against what the mounting driver said of the original. */
function expectCopied(target: string, entry: GoldenEntry): void {
  const stats = lstatSync(target, { bigint: true });
  const { kind, sizeBytes, mode, modifiedNs, linkTarget, sha256: hash } = entry;
  if (kind === "symlink") {
    expect(readlinkSync(target)).toBe(linkTarget);
  } else {
    // Without the optional native part times have microseconds.
    expect(stats.mtimeNs / 1000n, target).toBe(BigInt(modifiedNs) / 1000n);
    if (mode !== undefined) expect(Number(stats.mode & 0o7777n), target).toBe(mode);
  }
  if (kind === "file" && hash !== undefined) {
    expect(Number(stats.size), target).toBe(sizeBytes);
    if (Number(stats.size) < 2 ** 25) expect(sha256(target), target).toBe(hash);
  }
}

describe("cp", () => {
  test("copies trees of both volumes, each under its own name, as the mounting drivers see them", async () => {
    const target = join(scratch.path, "trees");
    const { status, stderr } = await runBuilt([
      "cp",
      disk,
      "p2:/etc",
      "p2:/home/ana",
      "p1:/WINDOWS",
      "p2:/var/lib/db/sparse.db",
      target,
    ]);
    expect(stderr).toMatch(/^nomount: copied \d+ files/m);
    expect(status).toBe(0);
    expect(readdirSync(target).sort()).toEqual(["WINDOWS", "ana", "etc", "sparse.db"]);
    for (const entry of golden("p2", "etc")) expectCopied(join(target, entry.path), entry);
    for (const entry of golden("p2", "home/ana")) expectCopied(join(target, entry.path.slice("home/".length)), entry);
    for (const entry of golden("p1", "WINDOWS")) expectCopied(join(target, entry.path), entry);
    const [notepad, cached] = ["notepad.exe", "dllcache/notepad.exe"].map((name) =>
      statSync(join(target, "WINDOWS/system32", name)),
    );
    expect(notepad?.ino).toBe(cached?.ino);
    const sparse = statSync(join(target, "sparse.db"));
    expect([sparse.size, sparse.blocks * 512 < 100_000]).toEqual([314_572_800, true]);
  });

  test("puts the content of a root straight into the folder, and streams beside their files", async () => {
    const target = join(scratch.path, "windows");
    const { status } = await runBuilt(["cp", disk, "p1:/", target]);
    expect(status).toBe(0);
    const expected = golden("p1").flatMap(({ path, streams = {} }) => [
      path,
      ...Object.keys(streams).map((name) => `${path}:${name}`),
    ]);
    expect(below(target)).toEqual(expected.filter((path) => path !== "").sort());
    for (const { path, streams = {} } of golden("p1")) {
      for (const [name, { sha256: hash }] of Object.entries(streams))
        expect(sha256(join(target, `${path}:${name}`))).toBe(hash);
    }
  });

  test("takes what --include, --exclude, --newer and --streams leave", async () => {
    const target = join(scratch.path, "chosen");
    const options = [
      "--include",
      "*.exe",
      "--include",
      "*.dll",
      "--exclude",
      "dllcache",
      "--newer",
      "2008-01-01",
      "--streams",
      "none",
    ];
    const { status, stderr } = await runBuilt(["cp", "--quiet", disk, "p1:/", target, ...options]);
    expect(status).toBe(0);
    expect(stderr).toBe(`nomount: warning: ${disk}/p1: marked dirty: Windows would check it\n`);
    const files = below(target).filter((path) => statSync(join(target, path)).isFile());
    const expected = golden("p1").filter(
      ({ path, kind }) => kind === "file" && /\.(exe|dll)$/.test(path) && !path.includes("dllcache/"),
    );
    expect(files).toEqual(expected.map(({ path }) => path).sort());
  });

  test("--json reports on standard output what was copied and what was lost", async () => {
    const { status, stdout } = await runBuilt(["cp", "--json", disk, "p1:/boot.ini", join(scratch.path, "json")]);
    expect(status).toBe(0);
    const report = JSON.parse(stdout.toString());
    expect(Object.keys(report)).toEqual([
      ...[
        "copied",
        "contentBytes",
        "failed",
        "failedCount",
        "damaged",
        "damagedCount",
        "losses",
        "filteredCount",
        "skippedCount",
        "ended",
      ],
    ]);
    expect(report).toMatchObject({ contentBytes: 211, failedCount: 0, ended: null });
    expect(report.copied).toEqual({
      file: 1,
      directory: 0,
      symlink: 0,
      fifo: 0,
      socket: 0,
      char: 0,
      block: 0,
      other: 0,
      hardLink: 0,
    });
    expect(report.losses).toContainEqual({
      facet: "flags",
      why: expect.any(String),
      omitted: false,
      count: 1,
      paths: ["boot.ini"],
    });
  });

  test("never writes through a link that is in the folder already", async () => {
    const target = join(scratch.path, "linked");
    mkdirSync(target);
    const outside = join(scratch.path, "outside");
    writeFileSync(outside, "untouched");
    symlinkSync(outside, join(target, "hostname"));
    const { status } = await runBuilt(["cp", disk, "p2:/etc/hostname", target]);
    expect(status).toBe(0);
    expect(readFileSync(outside, "utf8")).toBe("untouched");
    expect(lstatSync(join(target, "hostname")).isFile()).toBe(true);
    const refused = await runBuilt(["cp", "--existing", "refuse", disk, "p2:/etc/hostname", target]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/hostname/);
  });
});

describeWith(["tar"], "tar", () => {
  test("is a stream that GNU tar unpacks to what the kernel showed", async () => {
    const { status, stdout, stderr } = await runBuilt(["tar", disk, "p2:/"]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^nomount: copied 10 files, /m);
    const target = join(scratch.path, "untarred");
    mkdirSync(target);
    const unpacked = await runProcess("tar", ["-x", "-p", "-C", target, "-f", "-", "--exclude=dev"], {
      input: stdout,
      env: toolEnv(),
    });
    expect([unpacked.status, unpacked.stderr]).toEqual([0, ""]);
    for (const entry of golden("p2").filter(({ path }) => path !== "" && !path.startsWith("dev")))
      expectCopied(join(target, entry.path), entry);
    const listed = await runProcess("tar", ["-t", "-v", "--numeric-owner", "-f", "-"], { input: stdout, env: toolEnv() });
    expect(listed.stdout.toString()).toMatch(/^-rwsr-xr-x 0\/0 +31000 2008-11-06 19:33 bin\/su$/m);
    expect(listed.stdout.toString()).toMatch(/^brw-r--r-- 0\/0 +8,1 /m);
  });

  test("--json reports on standard error", async () => {
    const { stdout, stderr } = await runBuilt(["tar", "--json", disk, "p2:/etc/hostname"]);
    expect(JSON.parse(stderr)).toMatchObject({ contentBytes: 9, ended: null });
    expect(stdout.subarray(257, 262).toString()).toBe("ustar");
  });
});

describe("standard input", () => {
  test("is an image too", async () => {
    const { stdout, status } = await runBuilt(["cat", "-", "p2:/etc/hostname"], { input: readFileSync(disk) });
    expect([status, stdout.toString()]).toEqual([0, "invitado\n"]);
  });
});

describeIf(canBeUnprivileged, "nobody else can run the command here", "without root", () => {
  test("all files come, what only root can make is named, and the exit status is 1", async () => {
    const target = join(scratch.path, "unprivileged");
    mkdirSync(target);
    const args = ["cp", disk, "p2:/", join(target, "root")];
    for (const folder of [scratch.path, target]) chmodSync(folder, 0o777);
    const [program = "", ...rest] = [...unprivileged, process.execPath, builtCommand, ...args];
    const { status, stderr } = await runProcess(program, rest, { cwd: scratch.path });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^nomount: not copied: 2 devices, only root can make it/m);
    for (const entry of golden("p2").filter(({ kind, path }) => kind === "file" && !path.startsWith("root/"))) {
      // Setuid is for the owner alone, who cannot be kept.
      expectCopied(join(target, "root", entry.path), { ...entry, mode: (entry.mode ?? 0) & 0o777 });
    }
  });
});
