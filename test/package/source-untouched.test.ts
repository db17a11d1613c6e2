import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { builtCommand, requireFreshBuild, runProcess } from "../support/built-command.ts";
import { scratchFolder, unpackFixture } from "../support/fixture.ts";
import { describeIf, describeWith, toolEnv } from "../support/tools.ts";
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

describeIf(
  canBeUnprivileged,
  "nobody else can run the command here",
  "from a read-only file in a read-only folder, without rights",
  () => {
    test.each(commandsOn("IMAGE", "TARGET").map((args) => [args[0], args] as const))("%s does its work", async (_, args) => {
      const target = join(scratch.path, "target");
      const words = args.map((arg) => (arg === "IMAGE" ? image : arg === "TARGET" ? target : arg));
      const [program = "", ...rest] = [...unprivileged, process.execPath, builtCommand, ...words];
      const { status, stderr } = await runProcess(program, rest, { cwd: scratch.path });
      expect([status, stderr.replace(/^nomount: (warning|copied|not kept|lost|left out).*\n/gm, "")]).toEqual([0, ""]);
      expect(state()).toBe(before);
    });
  },
);

describeWith(["strace"], "seen by strace", () => {
  test.each(commandsOn("IMAGE", "TARGET").map((args) => [args[0], args] as const))(
    "%s opens the image O_RDONLY, and calls nothing else on it by name",
    async (_, args) => {
      const target = join(scratch.path, "traced");
      const words = args.map((arg) => (arg === "IMAGE" ? image : arg === "TARGET" ? target : arg));
      const log = join(scratch.path, "strace");
      // %file: every call that takes a path, so also truncate, unlink, rename, chmod, utimensat and setxattr.
      const strace = [
        "-f",
        "-y",
        "-qq",
        "-s",
        "0",
        "-e",
        "trace=%file,write,pwrite64,pwritev,ftruncate,fallocate,ioctl,mmap",
        "-o",
        log,
      ];
      const { status } = await runProcess("strace", [...strace, process.execPath, builtCommand, ...words], { env: toolEnv() });
      expect(status).toBe(0);
      const calls = readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line.includes(image) && !line.includes("execve("));
      const names = new Set(calls.map((line) => /^\d+ +(\w+)\(/.exec(line)?.[1]));
      const opens = calls.filter((line) => /^\d+ +open/.test(line));
      expect(opens.length).toBeGreaterThan(0);
      for (const open of opens) expect(open).toMatch(/, O_RDONLY(\|O_CLOEXEC)?(, 0[0-7]+)?\) += /);
      for (const name of names)
        expect(["open", "openat", "stat", "lstat", "statx", "newfstatat", "readlink", "access"]).toContain(name);
      expect(state()).toBe(before);
    },
  );
});
