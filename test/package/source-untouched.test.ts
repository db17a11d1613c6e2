import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { builtCommand, requireFreshBuild, runProcess } from "../support/built-command.ts";
import { scratchFolder, unpackFixture } from "../support/fixture.ts";
import { describeIf, describeWith, has, toolEnv } from "../support/tools.ts";
import { canBeUnprivileged, unprivileged } from "../support/unprivileged.ts";

/** Every command, with what makes it read the most. */
const commandsOn = (image: string, target: string): readonly (readonly string[])[] => [
  ["info", "--long", image],
  ["info", "--scan", image],
  ["ls", "-lR", image, "p1:", "p2:"],
  ["stat", image, "p1:/boot.ini", "p2:/bin/ping"],
  ["cat", image, "p1:/boot.ini", "p2:/etc/fstab"],
  ["find", image],
  ["map", image, "p1:/ntldr", "p2:/bin/bash"],
  ["cp", image, "p1:/WINDOWS", "p2:/etc", target],
  ["tar", image, "p1:/", "--newer", "2008-01-01"],
];

const scratch = scratchFolder();
let folder: string;
let image: string;
let before: string;

/** Everything that a write could change, but for the time of the last access, which the kernel sets. */
function state(): string {
  const { size, mtimeNs, ctimeNs, ino, mode } = statSync(image, { bigint: true });
  const hash = createHash("sha256").update(readFileSync(image)).digest("hex");
  return [hash, size, mtimeNs, ctimeNs, ino, mode, readdirSync(folder)].join(" ");
}

beforeAll(() => {
  requireFreshBuild();
  folder = join(scratch.path, "source");
  mkdirSync(folder);
  image = unpackFixture("guest-disk", folder);
  chmodSync(image, 0o444);
  chmodSync(folder, 0o555);
  chmodSync(scratch.path, 0o777);
  before = state();
});

/** A user with no rights where there can be one, so that the read-only file and folder hold. */
const runner = canBeUnprivileged ? unprivileged : [];
const cases = commandsOn("IMAGE", "TARGET").map((args) => [args[0], args] as const);

/** Runs a command under another program to its end, and checks that nothing of the source has changed. */
async function runUnder(wrapper: readonly string[], args: readonly string[]): Promise<void> {
  const target = join(scratch.path, "target");
  const words = args.map((arg) => (arg === "IMAGE" ? image : arg === "TARGET" ? target : arg));
  const [program = "", ...rest] = [...runner, ...wrapper, process.execPath, builtCommand, ...words];
  const { status, stderr } = await runProcess(program, rest, { cwd: scratch.path, env: toolEnv() });
  expect([status, stderr.replace(/^nomount: (warning|copied|not kept|lost|left out).*\n/gm, "")]).toEqual([0, ""]);
  expect(state()).toBe(before);
}

describeWith(["strace"], "from a read-only file in a read-only folder, without rights, watched by strace", () => {
  test.each(cases)("%s opens the image O_RDONLY and calls nothing else on it that could write", async (_, args) => {
    const log = join(scratch.path, `strace-${args.join("").length}`);
    // %file: every call that takes a path, so also truncate, unlink, rename, chmod, utimensat and setxattr.
    const calls = "trace=%file,write,pwrite64,pwritev,ftruncate,fallocate,ioctl,mmap";
    await runUnder(["strace", "-f", "-y", "-qq", "-s", "0", "-e", calls, "-o", log], args);
    const lines = readFileSync(log, "utf8").split("\n");
    const onImage = lines.filter((line) => line.includes(image) && !line.includes("execve("));
    const opens = onImage.filter((line) => /^\d+ +open/.test(line));
    expect(opens.length).toBeGreaterThan(0);
    for (const open of opens) expect(open).toMatch(/, O_RDONLY(\|O_CLOEXEC)?(, 0[0-7]+)?\) += /);
    const harmless = ["open", "openat", "stat", "lstat", "statx", "newfstatat", "readlink", "access"];
    for (const line of onImage) expect(harmless).toContain(/^\d+ +(\w+)\(/.exec(line)?.[1]);
  });
});

describeIf(!has("strace"), "strace watches it instead", "from a read-only file in a read-only folder, without rights", () => {
  test.each(cases)("%s leaves everything as it was", async (_, args) => runUnder([], args));
});
