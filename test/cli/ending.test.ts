import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, openSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { builtCommand, requireFreshBuild, runBuilt, runProcess } from "../support/built-command.ts";
import { scratchFolder, unpackFixture } from "../support/fixture.ts";
import { describeIf, describeWith, isRoot, toolEnv } from "../support/tools.ts";

const scratch = scratchFolder();
let disk: string;
beforeAll(() => {
  requireFreshBuild();
  disk = unpackFixture("guest-disk", scratch.path);
});

const FILES = 10_000;
const FILE_BYTES = 3000;

/** An ext4 image with many small files: work enough to be interrupted. */
function manyFiles(): string {
  const [tree, image] = [join(scratch.path, "tree"), join(scratch.path, "many.img")];
  if (existsSync(image)) return image;
  for (let i = 0; i < FILES; i++) {
    if (i % 500 === 0) mkdirSync(join(tree, `d${i}`), { recursive: true });
    writeFileSync(join(tree, `d${i - (i % 500)}`, `f${i}`), Buffer.alloc(FILE_BYTES, i % 256));
  }
  const made = spawnSync("mke2fs", ["-q", "-t", "ext4", "-b", "1024", "-N", "15000", "-d", tree, image, "64M"], {
    env: toolEnv(),
  });
  expect(made.status, made.stderr.toString()).toBe(0);
  return image;
}

describeWith(["mke2fs"], "an interrupted cp", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "ends within a second of %s with status 130, and every file that is there is whole",
    async (signal) => {
      const [image, target] = [manyFiles(), join(scratch.path, `to-${signal}`)];
      const child = spawn(process.execPath, [builtCommand, "cp", image, "/", target], { stdio: ["ignore", "ignore", "pipe"] });
      let stderr = "";
      child.stderr.on("data", (bytes) => {
        stderr += bytes;
      });
      const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
      while (!existsSync(join(target, "d1000"))) await sleep(5);
      const asked = performance.now();
      child.kill(signal);
      expect(await ended).toBe(130);
      expect(performance.now() - asked).toBeLessThan(1000);
      expect(stderr).toMatch(/^nomount: interrupted: /m);
      const files = readdirSync(target, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      expect(files.length).toBeLessThan(FILES);
      for (const file of files) expect(statSync(join(file.parentPath, file.name)).size).toBe(FILE_BYTES);
      expect(files.filter(({ name }) => !/^f\d+$/.test(name))).toEqual([]);
    },
  );
});

describe("commands that only read", () => {
  // A tar of the sparse file would be short enough to be all in the pipe.
  test.each([
    ["cat", "p2:/var/lib/db/sparse.db"],
    ["tar", "p1:/"],
  ])("%s is ended by SIGINT at once, as the system does it", async (command, address) => {
    const args = [builtCommand, command, disk, address];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("close", (_, signal) => resolve(signal)));
    // Nobody reads on: the program waits in a write, as it would on a tape or a slow line.
    await new Promise((resolve) => child.stdout.once("readable", resolve));
    const asked = performance.now();
    child.kill("SIGINT");
    child.stdout.destroy();
    expect(await ended).toBe("SIGINT");
    expect(performance.now() - asked).toBeLessThan(1000);
  });
});

describe("a reader that goes away", () => {
  test.each([
    ["cat", "p2:/var/lib/db/sparse.db"],
    ["tar", "p2:/"],
    ["find", ""],
    ["ls", "-R", "p1:"],
  ])("ends %s in silence with the status of SIGPIPE", async (command, ...rest) => {
    const args = [command, ...rest.filter((arg) => arg.startsWith("-")), disk, ...rest.filter((arg) => /^p/.test(arg))];
    const words = ["-q", ...args].slice(command === "tar" ? 0 : 1).map((arg) => `'${arg}'`);
    const [first = "", ...others] = words[0] === "'-q'" ? [words[1], words[0], ...words.slice(2)] : words;
    const line = `'${process.execPath}' '${builtCommand}' ${[first, ...others].join(" ")} | true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await runProcess("bash", ["-c", line]);
    expect(stderr.replace(/^nomount: warning: .*\n/gm, "")).toBe("");
    // A short listing may have been written before the reader has gone.
    expect(["141", ...(command === "cat" || command === "tar" ? [] : ["0"])]).toContain(stdout.toString().trim());
  });
});

describe("a destination that is full", () => {
  test.each([["cat"], ["tar"], ["ls"], ["find"]])("ends %s with status 4 and one clear line", async (command) => {
    const full = openSync("/dev/full", "w");
    const address = command === "cat" ? "p2:/etc/fstab" : "p2:/etc";
    const child = spawn(process.execPath, [builtCommand, command, ...(command === "tar" ? ["-q"] : []), disk, address], {
      stdio: ["ignore", full, "pipe"],
    });
    let stderr = "";
    child.stderr?.on("data", (bytes) => {
      stderr += bytes;
    });
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect([status, stderr]).toEqual([4, "nomount: standard output: ENOSPC: no space left on device\n"]);
  });

  describeIf(isRoot, "not root", "a small tmpfs", () => {
    test("ends cp with status 4, and what is there is whole", async () => {
      const target = join(scratch.path, "small");
      mkdirSync(target);
      if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", target]).status !== 0) return;
      try {
        const { status, stderr } = await runBuilt(["cp", "-q", disk, "p1:/", target]);
        expect(status).toBe(4);
        expect(stderr.replace(/^nomount: warning: .*\n/m, "")).toMatch(/^nomount: .*(full|no space).*\n$/i);
        const whole = statSync(join(target, "ntldr"), { throwIfNoEntry: false });
        if (whole !== undefined) expect(whole.size).toBe(252_240);
        expect(existsSync(join(target, "pagefile.sys"))).toBe(false);
      } finally {
        spawnSync("umount", [target]);
      }
    });
  });

  test("that cannot be made ends cp with status 4", async () => {
    const { status, stderr } = await runBuilt(["cp", disk, "p2:/etc", "/dev/null/folder"]);
    expect(status).toBe(4);
    expect(stderr).toMatch(/^nomount: .*\/dev\/null/m);
  });
});

describe("an image that cannot be had", () => {
  test.each([
    ["that is not there", "/nonexistent/disk.img"],
    ["that is a directory", "/etc"],
  ])("%s ends with status 3 and one line", async (_, image) => {
    const { status, stdout, stderr } = await runBuilt(["ls", image]);
    expect([status, stdout.length]).toEqual([3, 0]);
    expect(stderr).toMatch(/^nomount: .*\n$/);
  });

  test("with nothing in it ends with status 1 and the way to go", async () => {
    const { status, stdout, stderr } = await runBuilt(["ls", "/etc/hostname"]);
    expect([status, stdout.length]).toEqual([1, 0]);
    expect(stderr).toMatch(/^nomount: .*info --scan.*\n$/);
  });
});
