import { spawnSync } from "node:child_process";
import { toolEnv } from "./tools.ts";

/** What a tool prints; throws what it complains of when it fails. */
export function toolOutput(command: string, args: readonly string[], input?: Uint8Array): Buffer {
  const { status, stdout, stderr, error } = spawnSync(command, args, { env: toolEnv(), maxBuffer: 1 << 30, input });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr.toString().trim()}`);
  return stdout;
}
