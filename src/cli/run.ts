import { CommanderError } from "commander";
import { NomountError } from "../error.ts";
import type { Context } from "./context.ts";
import { EXIT, exitCodeOf } from "./exit-code.ts";
import { safeLine, safeLines, systemCode } from "./output.ts";
import { program } from "./program.ts";

/** Runs a command line (without "node" and the script) and gives its exit status. Throws nothing. */
export async function run(args: readonly string[], context: Context): Promise<number> {
  try {
    await program(context).parseAsync(args, { from: "user" });
    context.stdout.flush();
    context.stderr.flush();
    return context.status;
  } catch (error) {
    return failed(error, context);
  }
}

/** One line on standard error for an error that is known, a trace for one that is not, and the exit status for it. */
function failed(error: unknown, { stdout, stderr }: Context): number {
  if (systemCode(error) === "EPIPE") return EXIT.brokenPipe;
  let status = statusOf(error);
  try {
    stdout.flush();
  } catch (flushError) {
    if (systemCode(flushError) === "EPIPE") return EXIT.brokenPipe;
    status = statusOf(flushError);
  }
  try {
    if (!(error instanceof CommanderError)) stderr.line(`nomount: ${lineOf(error)}`);
    stderr.flush();
  } catch {
    return status;
  }
  return status;
}

function statusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  return error instanceof NomountError ? exitCodeOf(error.kind) : EXIT.bug;
}

function lineOf(error: unknown): string {
  if (error instanceof NomountError) return safeLine(error.message);
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `this is a bug, please report it with what follows\n${safeLines(trace)}`;
}
