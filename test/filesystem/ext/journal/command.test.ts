import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fixtureBytes, scratchFolder, unpackFixture } from "../../../support/fixture.ts";
import { runCommand } from "../../../support/run-command.ts";

const folder = scratchFolder();

test("info says what the journal held and that it was replayed", async () => {
  const image = unpackFixture("journal-ordered", folder.path);
  const { status, stdout } = await runCommand(["info", image]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/journal: dirty, \d+ transactions, \d+ blocks; replayed in memory/);
});

test("info --no-replay says that it was not", async () => {
  const image = unpackFixture("journal-ordered", folder.path);
  const { stdout } = await runCommand(["info", "--no-replay", image]);
  expect(stdout).toMatch(/journal: dirty; not replayed$/m);
});

test("ls shows more with the replay than without", async () => {
  const image = unpackFixture("journal-data", folder.path);
  const replayed = await runCommand(["ls", "-R", image, "/"]);
  const bare = await runCommand(["ls", "-R", "--no-replay", image, "/"]);
  expect(replayed.stdout.split("\n").length).toBeGreaterThan(bare.stdout.split("\n").length);
  expect(bare.stderr).toContain("journal needs recovery: the newest changes are only in it");
});

test("an external journal is taken from --journal, and asked for where it is not given", async () => {
  const bytes = fixtureBytes("journal-external");
  const [image, journal] = [join(folder.path, "filesystem.img"), join(folder.path, "device.img")];
  writeFileSync(image, bytes.subarray(0, 4 << 20));
  writeFileSync(journal, bytes.subarray(4 << 20));
  const given = await runCommand(["ls", "--journal", journal, image, "/"]);
  expect([given.status, given.stderr]).toEqual([0, ""]);
  const absent = await runCommand(["ls", image, "/"]);
  expect(absent.status).not.toBe(0);
  expect(absent.stderr).toContain("name it with --journal, or see the disk as it lies with --no-replay");
});
