import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "./command.ts";
import type { OddJournal } from "./kinds.ts";

const GAP_BYTES = 32 << 10;
const JOURNAL_SIZE = "size=4";

/** Gives the filesystem on a device another journal than the one that it may have. `top` is where it can be mounted. */
export function makeOddJournal(how: OddJournal, device: string, top: string): void {
  command("tune2fs", "-O", "^has_journal", device);
  const mounted = (change: () => void) => {
    command("mount", "-t", "ext4", device, top);
    try {
      change();
    } finally {
      command("umount", top);
    }
  };
  if (how === "in a file") {
    mounted(() => command("tune2fs", "-J", JOURNAL_SIZE, device));
    return;
  }
  mounted(() => (how === "moved" ? writeFileSync(join(top, "in its place"), new Uint8Array(8 << 20)) : leaveGaps(top)));
  command("tune2fs", "-J", JOURNAL_SIZE, device);
  if (how === "moved") return;
  const pieces = command("debugfs", "-R", "stat <8>", device).match(/\(\w+(-\d+)?\):/g)?.length ?? 0;
  if (pieces < 50) throw new Error(`the journal lies in ${pieces} pieces only`);
  mounted(() => {
    for (const name of readdirSync(top)) if (name.startsWith("gap")) rmSync(join(top, name));
  });
}

/** Fills the filesystem, and takes every other file away again. */
function leaveGaps(top: string): void {
  const files: string[] = [];
  try {
    for (;;) {
      files.push(join(top, `gap ${files.length}`));
      writeFileSync(files.at(-1) ?? "", new Uint8Array(GAP_BYTES));
    }
  } catch (error) {
    if (!(error instanceof Error) || !/ENOSPC/.test(error.message)) throw error;
  }
  for (let i = 0; i < files.length; i += 2) rmSync(files[i] ?? "");
}
