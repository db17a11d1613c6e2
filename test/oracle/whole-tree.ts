import { spawnSync } from "node:child_process";
import { expect } from "vitest";
import { type CompareOptions, compareManifests, describeDifferences } from "../support/compare-manifests.ts";
import type { Manifest } from "../support/manifest.ts";
import { toolEnv } from "../support/tools.ts";

const MOST_MS = 15 * 60 * 1000;

/** GNU tar restores times of access only of archives that are called incremental. */
export const UNPACK = "tar -x --incremental -p --numeric-owner --xattrs --xattrs-include='*' --acls";

/** In every facet, times of access too, but for those that are to be left out. */
export function expectSameTree(expected: Manifest, found: Manifest, options: CompareOptions = {}): void {
  const differences = compareManifests(expected, found, options);
  expect(differences.length, describeDifferences(differences)).toBe(0);
}

export function shell(line: string): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync("bash", ["-o", "pipefail", "-c", line], {
    env: toolEnv(),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: MOST_MS,
  });
  return { status, stderr };
}
