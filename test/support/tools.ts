import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe } from "vitest";

/** Whether every one of these commands is on the PATH (sbin folders included, where Debian keeps mke2fs and its like). */
export function has(...commands: readonly string[]): boolean {
  return commands.every((command) => searchPath().some((folder) => existsSync(`${folder}/${command}`)));
}

export const isRoot = process.getuid?.() === 0;

/** Whether this machine can loop-mount: root, and a free loop device. */
export const canLoopMount = isRoot && has("losetup", "mount") && spawnSync("losetup", ["-f"], { env: toolEnv() }).status === 0;

/** `describe`, skipped with the names of the missing tools in its title. */
export function describeWith(commands: readonly string[], title: string, body: () => void): void {
  const missing = commands.filter((command) => !has(command));
  if (missing.length === 0) describe(title, body);
  else describe.skip(`${title} [skipped: ${missing.join(", ")} not installed]`, body);
}

/** `describe`, skipped with the reason in its title. */
export function describeIf(condition: boolean, reason: string, title: string, body: () => void): void {
  if (condition) describe(title, body);
  else describe.skip(`${title} [skipped: ${reason}]`, body);
}

/** The environment in which tools are run: sbin on the PATH, plain C locale, UTC. */
export function toolEnv(): Record<string, string> {
  return { ...process.env, PATH: searchPath().join(":"), LC_ALL: "C.UTF-8", TZ: "UTC" };
}

function searchPath(): readonly string[] {
  return [...(process.env["PATH"] ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"].filter((folder) => folder !== "");
}
