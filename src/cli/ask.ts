import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import type { Ask } from "../sink/sftp/login.ts";
import { safeLine } from "./output.ts";

const LONGEST_ANSWER_BYTES = 1024;

/** Asks on the terminal that this runs on, whatever standard input and output are; where there is none, or nobody looks, nothing. */
export function askOnTerminal(isWatched: boolean): Ask {
  return async (question, answer) => {
    if (!isWatched) return undefined;
    let terminal: number;
    try {
      terminal = openSync("/dev/tty", "r+");
    } catch {
      return undefined;
    }
    try {
      writeSync(terminal, safeLine(question));
      if (answer === "shown") return line(terminal);
      stty(terminal, "-echo");
      try {
        return line(terminal);
      } finally {
        stty(terminal, "echo");
        writeSync(terminal, "\n");
      }
    } finally {
      closeSync(terminal);
    }
  };
}

/** Up to the end of the line; undefined when the input ends. */
function line(terminal: number): string | undefined {
  const bytes = Buffer.alloc(LONGEST_ANSWER_BYTES);
  let used = 0;
  while (used < bytes.length) {
    const count = readSync(terminal, bytes, used, 1, null);
    if (count === 0) return undefined;
    if (bytes[used] === 0x0a) break;
    used += 1;
  }
  return bytes.toString("utf8", 0, used);
}

function stty(terminal: number, setting: "echo" | "-echo"): void {
  spawnSync("stty", [setting], { stdio: [terminal, "ignore", "ignore"], timeout: 5000 });
}
