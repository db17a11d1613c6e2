import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { scratchFolder, unpackFixture } from "../support/fixture.ts";
import { runCommand } from "../support/run-command.ts";

const scratch = scratchFolder();
let image: string;
beforeAll(() => {
  image = unpackFixture("guest-disk", scratch.path);
});

/** What GNU tar lists of an archive. */
function listed(archive: Uint8Array): readonly string[] {
  const { stdout } = spawnSync("tar", ["-t"], { input: archive, encoding: "utf8", timeout: 20_000 });
  return stdout.trim().split("\n").sort();
}

test("a name that ends in .tar is an archive, complete under its name and nothing beside it", async () => {
  const folder = join(scratch.path, "archives");
  mkdirSync(folder);
  const path = join(folder, "etc.TAR");
  const { status, stderr } = await runCommand(["cp", "-q", image, "p2:/etc", path]);
  expect([status, stderr]).toEqual([0, ""]);
  expect(readdirSync(folder)).toEqual(["etc.TAR"]);
  const { bytes } = await runCommand(["tar", "-q", image, "p2:/etc"]);
  expect(listed(readFileSync(path))).toEqual(listed(bytes));
  expect(listed(bytes)).toContain("etc/fstab");
});

test("- is a tar stream on standard output", async () => {
  const { status, bytes } = await runCommand(["cp", "-q", image, "p2:/etc", "-"]);
  expect(status).toBe(0);
  expect(listed(bytes)).toContain("etc/fstab");
});

test("a folder that is there is one, whatever it is called; so is a name that ends in a slash", async () => {
  const there = join(scratch.path, "there.tar");
  mkdirSync(there);
  expect((await runCommand(["cp", "-q", image, "p2:/etc/fstab", there])).status).toBe(0);
  expect(existsSync(join(there, "fstab"))).toBe(true);
  expect((await runCommand(["cp", "-q", image, "p2:/etc/fstab", `${join(scratch.path, "new.tar")}/`])).status).toBe(0);
  expect(existsSync(join(scratch.path, "new.tar/fstab"))).toBe(true);
});

test("an archive that is there stays when it may not be replaced, and a link is not followed", async () => {
  const there = join(scratch.path, "old.tar");
  writeFileSync(there, "old");
  const refused = await runCommand(["cp", "-q", "--existing", "refuse", image, "p2:/etc", there]);
  expect([refused.status, refused.stderr]).toEqual([4, `nomount: ${there} is there already\n`]);
  const link = join(scratch.path, "link.tar");
  symlinkSync(there, link);
  const followed = await runCommand(["cp", "-q", image, "p2:/etc", link]);
  expect([followed.status, followed.stderr]).toEqual([4, `nomount: ${link} is a symbolic link: name the file itself\n`]);
  expect(readFileSync(there, "utf8")).toBe("old");
});

test("an unknown kind of address is wrong use", async () => {
  const { status, stderr } = await runCommand(["cp", image, "p2:/etc", "http://host/"]);
  expect([status, stderr]).toEqual([2, expect.stringContaining("nomount: http:// is no destination: there are sftp://")]);
});
