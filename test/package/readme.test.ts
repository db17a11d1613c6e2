import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { builtCommand, requireFreshBuild, runProcess } from "../support/built-command.ts";
import { scratchFolder, unpackFixture } from "../support/fixture.ts";
import { guestDisk } from "../support/guest-disk.ts";
import { cacheFolder, repositoryFolder } from "../support/repository.ts";
import { describeWith, toolEnv } from "../support/tools.ts";

const readmePath = join(repositoryFolder, "README.md");
const readme = readFileSync(readmePath, "utf8");
const scratch = scratchFolder();
beforeAll(() => {
  requireFreshBuild();
  unpackFixture("guest-disk", scratch.path);
  const bin = join(scratch.path, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "nomount"), `#!/bin/sh\nexec '${process.execPath}' '${builtCommand}' "$@"\n`);
  chmodSync(join(bin, "nomount"), 0o755);
});

const TIMING = / in [\d.]+ s, [\d.]+ [KMG]?i?B?(bytes)?\/s/;

/** What a block of the README would hold if it were written now. */
async function asItIs(block: string): Promise<string> {
  const commands = block.split("\n").filter((line) => line.startsWith("$ "));
  let text = "";
  for (const line of commands) {
    const env = { ...toolEnv(), PATH: `${join(scratch.path, "bin")}:${process.env["PATH"]}` };
    const command = `( ${line.slice(2)} ) 2>&1`;
    const { stdout } = await runProcess("bash", ["-c", command], { cwd: scratch.path, env });
    // Who is not root reads a line more, no two machines are equally fast, and the README has no carriage returns.
    const said = stdout.toString().replace(/^.*(only root|not permitted).*\n|\r/gm, "");
    text += `${line}\n${said.replace(TIMING, TIMING.exec(block)?.[0] ?? "$&")}`;
  }
  return text;
}

describeWith(["tar"], "the README", () => {
  test("shows what its commands print", async () => {
    const parts = readme.split(/(?<=^```console\n)|(?=^```$)/m);
    const now = await Promise.all(parts.map((part, i) => (parts[i - 1]?.endsWith("```console\n") ? asItIs(part) : part)));
    expect(now.join("")).not.toContain("this is a bug");
    await expect(now.join("")).toMatchFileSnapshot(readmePath);
  });
});

test("the README's example of the library runs, in under 15 lines", async () => {
  const [, example = ""] = /```js\n(.*?)```/s.exec(readme) ?? [];
  expect(example.trim().split("\n").length).toBeLessThan(15);
  // Inside the repository the package is found by its name.
  mkdirSync(cacheFolder, { recursive: true });
  const program = join(cacheFolder, `readme-${process.pid}.mjs`);
  writeFileSync(program, example);
  const { status, stdout, stderr } = await runProcess(process.execPath, [program], { cwd: scratch.path });
  rmSync(program);
  expect([status, stderr]).toEqual([0, ""]);
  const entries = guestDisk.volumes.p2.entries.filter(({ path }) => path === "var/log" || path.startsWith("var/log/"));
  const lines = stdout.toString().split("\n");
  expect(lines.slice(0, entries.length)).toHaveLength(entries.length);
  expect(lines).toContain("syslog file 45000");
  expect(lines.at(-2)).toMatch(/^syslog +0000000128$/);
});
