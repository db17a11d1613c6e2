import { spawnSync } from "node:child_process";
import { toolEnv } from "../../support/tools.ts";

/** Far more than any of them takes, the slowest being a check of a large filesystem. */
const LIMIT_MS = 300_000;

/** Runs a program to its end and gives what it printed; throws with what it complained about. */
export function command(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = attempt(program, ...args);
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr.trim()}`);
  return stdout.trim();
}

/** The same for a program that may fail. */
export function attempt(
  program: string,
  ...args: readonly string[]
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    env: toolEnv(),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}
