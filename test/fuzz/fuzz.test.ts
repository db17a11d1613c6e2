import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { repositoryFolder } from "../support/repository.ts";
import { Attempts } from "./attempt.ts";
import type { FuzzModule } from "./fuzz-module.ts";
import { fuzz as throws } from "./harmful/throws.ts";
import { Patched } from "./patched.ts";
import { Random } from "./random.ts";

/** Whichever comes first for a module: `npm run fuzz` has more time. */
const MUTANTS = 150;
const MILLISECONDS = 1500;
const modules = readdirSync(new URL("modules", import.meta.url)).map((file) => basename(file, ".ts"));

describe("every fuzz module", () => {
  test.each(modules)("%s reads its originals, and its first mutants do no harm", async (name) => {
    const { fuzz } = (await import(`./modules/${name}.ts`)) as { fuzz: FuzzModule };
    expect(fuzz.name).toBe(name);
    const attempts = new Attempts(fuzz);
    for (const { original, outcome } of await attempts.unchanged())
      expect({ original, outcome }).toMatchObject({ outcome: { kind: "read" } });
    const endMs = performance.now() + MILLISECONDS;
    for (let number = 0; number < MUTANTS && performance.now() < endMs; number++) {
      const { outcome, ...mutant } = await attempts.mutant("npm test", number);
      expect(outcome.kind, JSON.stringify({ number, outcome, mutant })).not.toBe("finding");
    }
  });
});

describe("the fuzz runner", () => {
  test("makes the same mutant again, whatever ran before", async () => {
    const attempts = new Attempts(throws);
    const { description, changes } = await attempts.mutant("seed", 40);
    for (let number = 0; number < 40; number++) await attempts.mutant("seed", number);
    expect(await attempts.mutant("seed", 40)).toMatchObject({ description, changes });
    expect(await new Attempts(throws).mutant("seed", 40)).toMatchObject({ description, changes });
  });

  test("repeats a finding from what is written down of it", async () => {
    const attempts = new Attempts(throws);
    for (let number = 0; number < 50; number++) {
      const { outcome, ...made } = await attempts.mutant("seed", number);
      if (outcome.kind !== "finding") continue;
      const again = await attempts.again({ ...made, seed: "seed", number });
      expect(again.outcome.kind).toBe("finding");
    }
  });

  test("takes all its changes back", () => {
    const bytes = Buffer.from(Array.from({ length: 100 }, (_, i) => i));
    const before = [...bytes];
    const image = new Patched(bytes);
    const random = new Random("changes");
    for (let i = 0; i < 50; i++) image.write(random.below(120), random.bytes(random.below(20)));
    image.truncate(30);
    image.restore();
    expect([...bytes]).toEqual(before);
    expect(image.bytes.length).toBe(before.length);
  });

  test("finds what hangs, what reads without end, what throws, and says how to repeat it", () => {
    const run = ["test/support/run-tool.mjs", "test/fuzz/main.ts", "--modules", "test/fuzz/harmful", "--seed", "1"];
    const { status, stdout, stderr } = spawnSync(process.execPath, [...run, "--mutants", "60", "--seconds", "30"], {
      cwd: repositoryFolder,
      encoding: "utf8",
    });
    expect(status, stderr).toBe(1);
    expect(stdout).toContain("hangs: did not come back within 300 ms");
    expect(stdout).toContain("reads: Error: 1001 reads");
    expect(stdout).toContain("throws: TypeError: cannot read properties of nothing");
    expect(stdout).toContain("throws: Error: a message that does not help");
    expect(stdout).toMatch(/throws: seed 1: \d+ mutants read, [1-9]\d* refused/);
    const replay = /--replay (\S*throws\S*)/.exec(stdout)?.[1] ?? "";
    const again = spawnSync(
      process.execPath,
      [join("test/support/run-tool.mjs"), "test/fuzz/main.ts", "--modules", "test/fuzz/harmful", "--replay", replay],
      {
        cwd: repositoryFolder,
        encoding: "utf8",
      },
    );
    expect(again.status).toBe(1);
    expect(again.stdout).toMatch(/TypeError: cannot read|does not help/);
  }, 180_000);
});
