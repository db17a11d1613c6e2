import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryFolder } from "../support/repository.ts";
import { canLoopMount, describeIf, has } from "../support/tools.ts";
import { median, type Result } from "./report.ts";

const able = canLoopMount && has("mkfs.ext4", "sfdisk", "tar", "getfattr");

test("the median of an even number of runs lies between the middle two", () => {
  expect(median([4, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

describeIf(able, "root, a free loop device, mkfs.ext4, sfdisk, tar and getfattr are needed", "the benchmark", () => {
  test("builds its images, runs contenders in turn, and nomount's results are whole", () => {
    const folder = mkdtempSync(join(tmpdir(), "nomount-bench-test-"));
    try {
      mkdirSync(join(folder, "tree/etc"), { recursive: true });
      for (let i = 0; i < 50; i++) writeFileSync(join(folder, `tree/etc/file-${i}`), `${i}\n`.repeat(i * 100));
      const works = ["info", "list", "tree", "small", "big", "fragmented", "tar"].flatMap((work) => ["--only", work]);
      const args = [
        "--quick",
        "--runs",
        "1",
        "--caches",
        "warm",
        "--type",
        "ext4",
        ...works,
        "--contender",
        "nomount",
        "--contender",
        "loop mount",
      ];
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ["test/support/run-tool.mjs", "test/bench/main.ts", ...args],
        {
          cwd: repositoryFolder,
          encoding: "utf8",
          env: { ...process.env, NOMOUNT_BENCH_DIR: join(folder, "images"), NOMOUNT_BENCH_TREE: join(folder, "tree") },
        },
      );
      expect(status, stderr).toBe(0);
      const file = /all figures: (.*)/.exec(stdout)?.[1] ?? "";
      const { results } = JSON.parse(readFileSync(file, "utf8")) as { results: readonly Result[] };
      const ours = results.filter(({ contender }) => contender === "nomount");
      expect(ours.map(({ work }) => work)).toEqual(["info", "list", "list", "tree", "small", "big", "fragmented", "tar"]);
      for (const { work, verdict, runs } of ours) {
        expect(
          runs.map(({ status }) => status),
          work,
        ).toEqual([0]);
        if (work === "info" || work === "list") continue;
        // A tar has no sockets; the spice holds one.
        expect(verdict, work).toBe(work === "tar" ? "differs in missing 1" : "exact");
      }
      expect(results.some(({ contender }) => contender === "loop mount")).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 300_000);
});
