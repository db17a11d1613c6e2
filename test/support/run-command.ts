import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context } from "../../src/cli/context.ts";
import { Output } from "../../src/cli/output.ts";
import { run } from "../../src/cli/run.ts";

export interface CommandResult {
  readonly status: number;
  /** What went to standard output: as text, and as it is. */
  readonly stdout: string;
  readonly bytes: Buffer;
  readonly stderr: string;
}

/** Runs the command in this process, from the sources as they are; `terminal` makes it believe that it writes to one. */
export async function runCommand(args: readonly string[], { terminal = false } = {}): Promise<CommandResult> {
  const folder = mkdtempSync(join(tmpdir(), "nomount-test-"));
  const [out, err] = [openSync(join(folder, "out"), "w"), openSync(join(folder, "err"), "w")];
  try {
    const status = await run(args, new Context(new Output(out, terminal), new Output(err, terminal)));
    const bytes = readFileSync(join(folder, "out"));
    return { status, bytes, stdout: bytes.toString(), stderr: readFileSync(join(folder, "err"), "utf8") };
  } finally {
    closeSync(out);
    closeSync(err);
    rmSync(folder, { recursive: true });
  }
}
