import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../support/fixture.ts";
import { operationCases } from "../../support/ntfs-log/cases.ts";
import { formCases } from "../../support/ntfs-log/forms.ts";
import { LoggedVolume } from "../../support/ntfs-log/volume.ts";
import { repositoryFolder } from "../../support/repository.ts";
import { describeIf, describeWith, toolEnv } from "../../support/tools.ts";
import { type Differences, ntfs3Differences, ntfsrecoverDifferences } from "./differences.ts";
import { GOLDEN_FILE, type LogGolden, outcomeOf, ownOutcome, writeSparse } from "./outcomes.ts";

/** Logs that are written by hand, replayed by others on a copy. NOMOUNT_RECORD=1 keeps what they did in fixtures/ntfs-log.json. */
const KERNEL_VM = process.env["NOMOUNT_KERNEL_VM"] ?? join(repositoryFolder, "../shared/tools/kernel-vm");
const TIMEOUT_MS = 60_000;
const VM_TIMEOUT_MS = 450_000;

const volume = new LoggedVolume();
const cases = [...operationCases(volume), ...formCases(volume)];

describeWith(["ntfsrecover"], "logs written by hand, against ntfsrecover", () => {
  const scratch = scratchFolder();
  test("agree, but for what is explained", () => {
    const file = join(scratch.path, "volume.img");
    const outcomes = new Map(
      cases.map((logCase) => {
        writeSparse(file, logCase.image());
        const { status } = spawnSync("ntfsrecover", [file], { env: toolEnv(), timeout: TIMEOUT_MS, stdio: "ignore" });
        return [logCase.name, status === 0 ? outcomeOf(readFileSync(file), logCase.target) : "refused"];
      }),
    );
    rmSync(file);
    const version = spawnSync("ntfsrecover", ["-V"], { env: toolEnv(), encoding: "utf8", timeout: TIMEOUT_MS }).stdout;
    record("ntfsrecover", /ntfsrecover v\S+/.exec(version)?.[0] ?? "ntfsrecover", "ntfsrecover IMAGE", outcomes);
    compare(outcomes, ntfsrecoverDifferences);
  });
});

describeIf(existsSync(KERNEL_VM), "no virtual machine with ntfs3", "logs written by hand, against the kernel's ntfs3", () => {
  const scratch = scratchFolder();
  test("agree, but for what is explained", () => {
    for (const [i, { image }] of cases.entries()) writeSparse(join(scratch.path, `${i}.img`), image());
    writeFileSync(join(scratch.path, "mount.sh"), mountAll(cases.length));
    const { stdout } = spawnSync(KERNEL_VM, ["-t", "420", scratch.path, "bash", "mount.sh"], {
      encoding: "utf8",
      timeout: VM_TIMEOUT_MS,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const kernel = /^kernel (\S+)$/m.exec(stdout)?.[1];
    expect(kernel, stdout).toBeDefined();
    // It replays the log, and then most often refuses the volume, since that is now marked dirty: what it has written counts.
    const outcomes = new Map(
      cases.map(({ name, target }, i) => [name, outcomeOf(readFileSync(join(scratch.path, `${i}.img`)), target)]),
    );
    record("ntfs3", `ntfs3 of Linux ${kernel}`, "mount -t ntfs3 -o loop,rw,noatime IMAGE FOLDER; umount FOLDER", outcomes);
    compare(outcomes, ntfs3Differences);
  });
});

function compare(outcomes: ReadonlyMap<string, string>, differences: Differences): void {
  const differing = cases.filter((logCase) => ownOutcome(logCase) !== outcomes.get(logCase.name)).map(({ name }) => name);
  expect(differing.sort()).toEqual(Object.keys(differences).sort());
}

/** Shell that mounts each image once, which replays its log. */
function mountAll(count: number): string {
  return [
    'modprobe ntfs3; echo "kernel $(uname -r)"; mkdir -p /tmp/m',
    `for i in $(seq 0 ${count - 1}); do`,
    '  if mount -t ntfs3 -o loop,rw,noatime "$i.img" /tmp/m 2>/dev/null; then umount /tmp/m; fi',
    "done",
    "sync",
  ].join("\n");
}

function record(tool: keyof LogGolden, recordedBy: string, command: string, outcomes: ReadonlyMap<string, string>): void {
  if (process.env["NOMOUNT_RECORD"] !== "1") return;
  const known = existsSync(GOLDEN_FILE) ? JSON.parse(readFileSync(GOLDEN_FILE, "utf8")) : {};
  const recorded = { ...known, [tool]: { recordedBy, command, outcomes: Object.fromEntries(outcomes) } };
  writeFileSync(GOLDEN_FILE, `${JSON.stringify(recorded, null, 2)}\n`);
}
