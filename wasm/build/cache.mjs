import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";

/** What can be had again, kept between builds and shared by checkouts. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "nomount");

export function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Writes a file that is there as a whole or not at all, also when two builds write it at once. */
export function writeWhole(path, bytes) {
  replaceWhole(path, (temporary) => writeFileSync(temporary, bytes));
}

export function copyWhole(from, to) {
  replaceWhole(to, (temporary) => copyFileSync(from, temporary));
}

function replaceWhole(path, write) {
  mkdirSync(dirname(path), { recursive: true });
  const folder = mkdtempSync(join(dirname(path), `.${basename(path)}-`));
  try {
    write(join(folder, "whole"));
    renameSync(join(folder, "whole"), path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes what builds that were interrupted left beside their results, once it is old enough not to be in use. */
export function removeLeftovers(folder, names) {
  const anHourAgo = Date.now() - 3_600_000;
  for (const entry of readdirSync(folder)) {
    if (!names.some((name) => entry.startsWith(`.${name}-`))) continue;
    const path = join(folder, entry);
    if (statSync(path, { throwIfNoEntry: false })?.mtimeMs < anHourAgo) rmSync(path, { recursive: true, force: true });
  }
}
