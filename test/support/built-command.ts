import { type SpawnOptions, spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { repositoryFolder } from "./repository.ts";

/** The command as it is published: `npm run build` makes it. */
export const builtCommand = join(repositoryFolder, "dist/cli/main.js");

export interface ProcessResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end. `input` goes to its standard input, which is empty without. */
export async function runProcess(
  program: string,
  args: readonly string[],
  { input, ...options }: SpawnOptions & { input?: Uint8Array } = {},
): Promise<ProcessResult> {
  const child = spawn(program, args, { ...options, stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on("data", (bytes: Buffer) => stdout.push(bytes));
  child.stderr?.on("data", (bytes: Buffer) => stderr.push(bytes));
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => {
      resolve({ status, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() });
    });
  });
}

/** Runs the built command as a process of its own. */
export function runBuilt(args: readonly string[], options: SpawnOptions & { input?: Uint8Array } = {}): Promise<ProcessResult> {
  requireFreshBuild();
  return runProcess(process.execPath, [builtCommand, ...args], options);
}

let isFresh = false;

/** A test of an old build proves nothing. Looked at once. */
export function requireFreshBuild(): void {
  if (isFresh) return;
  const built = statSync(builtCommand, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync(join(repositoryFolder, "src"), { recursive: true, withFileTypes: true });
  const newer = sources.find((entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs > built);
  if (newer !== undefined) throw new Error(`dist/ is older than ${newer.name}: run npm run build`);
  isFresh = true;
}
