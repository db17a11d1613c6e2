import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { builtCommand, requireFreshBuild, runBuilt, runProcess } from "../support/built-command.ts";
import { scratchFolder, unpackFixture } from "../support/fixture.ts";
import { runCommand } from "../support/run-command.ts";
import { describeWith, toolEnv } from "../support/tools.ts";

const scratch = scratchFolder();
const bytes = (text: string) => Buffer.from(text, "latin1");

/** Names that take over a terminal that prints them as they are: colours, a title, a line of their own, reversed text. */
const HOSTILE = [
  bytes("\x1b[31mred\x1b]0;title\x07"),
  bytes("new\nline"),
  bytes("no\xff\xfeutf8"),
  Buffer.from("C1\u009b2J"),
  Buffer.from("gpj.\u202eexe"),
];

describeWith(["mke2fs"], "names of a guest that are meant for a terminal", () => {
  let image: string;
  beforeAll(() => {
    const tree = Buffer.from(join(scratch.path, "tree"));
    const within = (name: Buffer) => Buffer.concat([tree, Buffer.from("/"), name]);
    mkdirSync(tree);
    for (const name of HOSTILE) {
      mkdirSync(within(name));
      writeFileSync(within(Buffer.concat([name, Buffer.from("/"), name])), "content");
      symlinkSync(name, within(Buffer.concat([name, bytes(".link")])));
    }
    image = join(scratch.path, "hostile.img");
    const label = "lab\x1b[7mel";
    const made = spawnSync("mke2fs", ["-q", "-t", "ext4", "-L", label, "-d", tree.toString(), image, "8M"], { env: toolEnv() });
    expect(made.status, made.stderr.toString()).toBe(0);
  });

  const commands = [
    ["info"],
    ["info", "--json"],
    ["ls", "-R"],
    ["ls", "-lR"],
    ["ls", "-R", "--json"],
    ["find"],
    ["find", "-l"],
    ["find", "--json"],
    ["stat", "/\x1b[31mred\x1b]0;title\x07", "/new\nline.link"],
    ["map", "/new\nline/new\nline"],
    ["cat", "/\x1b[31mnothing"],
    ["cat", "/\x1b[31mred\x1b]0;title\x07"],
  ];
  test.each(commands.map((args) => [args.join(" "), args] as const))(
    "%j sends a terminal nothing to act upon",
    async (_, args) => {
      const [command = "", ...rest] = args;
      const options = rest.filter((arg) => arg.startsWith("-"));
      const { stdout, stderr } = await runCommand([command, ...options, image, ...rest.filter((arg) => !arg.startsWith("-"))], {
        terminal: true,
      });
      expect(`${stdout}${stderr}`.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Bidi_Control}\ufffd]/u);
      expect((stdout + stderr).length).toBeGreaterThan(10);
    },
  );

  test("come out exactly where no terminal reads them", async () => {
    const { bytes: listed } = await runCommand(["ls", "-0", image, "/"]);
    const names = HOSTILE.flatMap((name) => [name, Buffer.concat([name, bytes(".link")])]);
    const expected = [...names, bytes("lost+found")].map((name) => name.toString("latin1")).sort();
    expect(listed.toString("latin1").split("\0").slice(0, -1).sort()).toEqual(expected);
    const { stdout } = await runCommand(["ls", "--json", image, "/"]);
    const parsed = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).name as string);
    expect(parsed).toContain("\x1b[31mred\x1b]0;title\x07");
    expect(parsed).toContain("no\udcff\udcfeutf8");
  });

  test("can be pasted back from the terminal", async () => {
    const { stdout } = await runCommand(["find", image, "/"], { terminal: true });
    const files = stdout.split("\n").filter((line) => /^.*\/(.*)\/\1$/.test(line));
    expect(files).toHaveLength(HOSTILE.length);
    for (const file of files) expect((await runCommand(["cat", image, file])).stdout, file).toBe("content");
  });

  test("are copied as they are, and named safely in the report", async () => {
    const target = join(scratch.path, "copied");
    expect((await runBuilt(["cp", image, "/", target])).status).toBe(0);
    const names = readdirSync(target, { encoding: "buffer" }).map((name) => name.toString("latin1"));
    for (const name of HOSTILE) expect(names).toContain(name.toString("latin1"));
    const again = await runBuilt(["cp", "--existing", "refuse", image, "/", target]);
    expect(again.status).toBe(1);
    expect(again.stderr.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Bidi_Control}\ufffd]/u);
  });
});

describeWith(["script"], "on a terminal", () => {
  beforeAll(requireFreshBuild);

  test("cp shows how far it is, and leaves only the summary", async () => {
    const disk = unpackFixture("guest-disk", scratch.path);
    const line = `'${process.execPath}' '${builtCommand}' cp '${disk}' p2:/ '${join(scratch.path, "shown")}'`;
    const { stdout, status } = await runProcess("script", ["-q", "-e", "-c", line, "/dev/null"], { env: toolEnv() });
    expect(status).toBe(0);
    const shown = stdout.toString();
    const erase = "\r\x1b[K";
    expect(shown.split(erase).some((line) => /^(\[#*\.*\] \d+% {2})?.*\d+ files?, .*\/s/.test(line))).toBe(true);
    expect(shown).toContain(`${erase}nomount: copied 10 files`);
  });

  test("a tar stream is refused", async () => {
    const disk = unpackFixture("guest-disk", scratch.path);
    const line = `'${process.execPath}' '${builtCommand}' tar '${disk}' p2:/`;
    const { stdout, status } = await runProcess("script", ["-q", "-e", "-c", line, "/dev/null"], { env: toolEnv() });
    expect([status, stdout.toString().trim()]).toEqual([
      2,
      "nomount: an archive is not for a terminal: send it to a file or a pipe",
    ]);
  });
});
