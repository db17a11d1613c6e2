import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { builtCommand, requireFreshBuild, runBuilt } from "../support/built-command.ts";
import { countedBytes } from "../support/counted-bytes.ts";
import { scratchFolder } from "../support/fixture.ts";
import { describeWith, toolEnv } from "../support/tools.ts";

const scratch = scratchFolder();
const MIB = 1024 * 1024;

/** What the guest has: 1,500 small files, and one that is written in parts. */
const original = (): string => join(scratch.path, "original");
const image = (): string => join(scratch.path, "guest.img");

function makeImage(): void {
  rmSync(image(), { force: true });
  const { status, stderr } = spawnSync("mke2fs", ["-q", "-t", "ext4", "-d", original(), image(), "160M"], {
    env: toolEnv(),
    timeout: 60_000,
    stdio: ["ignore", "ignore", "pipe"],
  });
  expect([status, stderr.toString()]).toEqual([0, ""]);
}

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

function expectSame(folder: string): void {
  expect(filesBelow(folder)).toEqual(filesBelow(original()));
  for (const path of filesBelow(folder))
    expect(readFileSync(join(folder, path)).equals(readFileSync(join(original(), path))), path).toBe(true);
}

const sums = (manifest: string, folder: string) =>
  spawnSync("sha256sum", ["--quiet", "--strict", "-c", manifest], {
    cwd: folder,
    encoding: "utf8",
    timeout: 60_000,
    stdio: ["ignore", "pipe", "pipe"],
  });

describeWith(["mke2fs", "sha256sum"], "what cp promises", () => {
  beforeAll(() => {
    requireFreshBuild();
    for (const folder of ["a", "a/b", "c"]) mkdirSync(join(original(), folder), { recursive: true });
    for (let i = 0; i < 1500; i++)
      writeFileSync(join(original(), ["a", "a/b", "c"][i % 3] ?? "", `file ${i}`), countedBytes((i * 97) % 20_000, i * 8));
    writeFileSync(join(original(), "large"), countedBytes(40 * MIB));
    makeImage();
  });

  test("killed at any time, it leaves nothing partial under a name, goes on, and changes nothing when run again", async () => {
    const [out, manifest] = [join(scratch.path, "out"), join(scratch.path, "out.sha256")];
    const args = ["cp", "-q", "--resume", "--manifest", manifest, image(), "/", out];
    for (const limit of ["3M", "12M"]) {
      const child = spawn(process.execPath, [builtCommand, ...args.slice(0, 1), "--bwlimit", limit, ...args.slice(1)], {
        stdio: "ignore",
        timeout: 60_000,
      });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await new Promise((resolve) => setTimeout(resolve, 2500));
      child.kill("SIGKILL");
      await ended;
      for (const path of filesBelow(out)) {
        if (path.includes(".nomount-")) continue;
        expect(readFileSync(join(out, path)).equals(readFileSync(join(original(), path))), path).toBe(true);
      }
    }
    expect(filesBelow(out).length).toBeGreaterThan(0);
    expect(await runBuilt(args)).toMatchObject({ status: 0, stderr: "" });
    rmSync(join(out, "lost+found"), { recursive: true });
    expectSame(out);
    expect(sums(manifest, out)).toMatchObject({ status: 0, stdout: "", stderr: "" });

    const before = filesBelow(out).map((path) => statSync(join(out, path), { bigint: true }));
    const again = await runBuilt(args.filter((word) => word !== "-q"));
    expect(again.stderr).toContain("1501 entries not sent again");
    const after = filesBelow(out).map((path) => statSync(join(out, path), { bigint: true }));
    expect(after.map(({ ino, ctimeNs }) => [ino, ctimeNs])).toEqual(before.map(({ ino, ctimeNs }) => [ino, ctimeNs]));
    expect(sums(manifest, out)).toMatchObject({ status: 0 });
  });

  test("verify finds what is missing, cut, changed or of another time", async () => {
    const [out, manifest] = [join(scratch.path, "verified"), join(scratch.path, "verified.sha256")];
    expect(await runBuilt(["cp", "--verify", "--manifest", manifest, image(), "/c", out])).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/verified 501 entries, .* read back: 0 wrong/),
    });
    expect(await runBuilt(["verify", "-q", manifest, out])).toMatchObject({ status: 0, stderr: "" });
    const { mtime, atime } = statSync(join(out, "c/file 2"));
    writeFileSync(join(out, "c/file 2"), Buffer.alloc(194, 1));
    utimesSync(join(out, "c/file 2"), atime, mtime);
    rmSync(join(out, "c/file 5"));
    writeFileSync(join(out, "c/file 8"), "");
    const { status, stderr } = await runBuilt(["verify", manifest, out]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^nomount: c\/file 2: SHA-256 differs: expected [0-9a-f]{64}, found [0-9a-f]{64}$/m);
    expect(stderr).toMatch(/^nomount: c\/file 5: is missing$/m);
    expect(stderr).toMatch(/^nomount: c\/file 8: size differs: expected 776, found 0$/m);
    expect(stderr).toMatch(/3 wrong$/m);
  });

  test("since a manifest, only what is new or changed comes, and what is gone is listed", async () => {
    const [full, manifest] = [join(scratch.path, "full"), join(scratch.path, "full.sha256")];
    expect(await runBuilt(["cp", "-q", "--manifest", manifest, image(), "/a", full])).toMatchObject({ status: 0 });
    const debugfs = (request: string) =>
      spawnSync("debugfs", ["-w", "-R", request, image()], { env: toolEnv(), timeout: 20_000, stdio: "ignore" });
    writeFileSync(join(scratch.path, "fresh"), "fresh");
    debugfs(`write ${join(scratch.path, "fresh")} a/b/fresh`);
    debugfs('rm "/a/file 3"');
    debugfs('set_inode_field "/a/file 6" mtime 20200101000000');
    const part = join(scratch.path, "part");
    const next = join(scratch.path, "next.sha256");
    const { status, stderr } = await runBuilt(["cp", "--since", manifest, "--manifest", next, image(), "/a", part]);
    expect(status).toBe(0);
    expect(filesBelow(part)).toEqual(["a/b/fresh", "a/file 6"]);
    expect(stderr).toContain("nomount: gone: a/file 3\nnomount: 1 entry gone since that manifest");
    expect(sums(next, part)).toMatchObject({ status: 0, stderr: "" });
    const third = await runBuilt(["cp", "--since", next, image(), "/a", join(scratch.path, "nothing")]);
    expect(third.stderr).toContain("copied nothing");
    expect(third.stderr).toContain("0 entries gone");
  });

  test("progress for programs is JSON on standard error, at the end at the latest", async () => {
    const { stderr } = await runBuilt(["cp", "-q", "--progress", "json", image(), "/large", join(scratch.path, "progress")]);
    const { progress } = JSON.parse(stderr.trim().split("\n").at(-1) ?? "");
    expect(progress).toMatchObject({ doneBytes: 40 * MIB, doneEntries: 1, inFlight: [] });
  });

  test("an archive is not resumed, nor read back", async () => {
    const { status, stderr } = await runBuilt(["cp", "-q", "--resume", image(), "/c", join(scratch.path, "c.tar")]);
    expect([status, stderr]).toEqual([2, expect.stringContaining("--resume needs a folder")]);
    expect(readdirSync(scratch.path).filter((name) => name.includes("c.tar"))).toEqual([]);
  });
});

describeWith(["mke2fs", "sha256sum", "bsdtar"], "a manifest of an archive", () => {
  test.each([".tar", ".tar.gz", ".tar.zst", ".zip"])("%s has the digests of what is in it", async (ending) => {
    const [archive, manifest] = [join(scratch.path, `c${ending}`), join(scratch.path, `c${ending}.sha256`)];
    expect(await runBuilt(["cp", "-q", "--manifest", manifest, image(), "/c", archive])).toMatchObject({
      status: 0,
      stderr: "",
    });
    const top = join(scratch.path, `unpacked${ending}`);
    mkdirSync(top);
    const unpacked = spawnSync("bsdtar", ["-xf", archive, "-C", top], { env: toolEnv(), timeout: 60_000, stdio: "ignore" });
    expect(unpacked.status).toBe(0);
    expect(sums(manifest, top)).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });
});
