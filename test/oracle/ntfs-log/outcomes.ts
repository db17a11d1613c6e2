import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { parseBootSector } from "../../../src/filesystem/ntfs/boot-sector.ts";
import { ntfs } from "../../../src/filesystem/ntfs/driver.ts";
import { type Recovery, recover } from "../../../src/filesystem/ntfs/log/recover.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import type { LogCase } from "../../support/ntfs-log/cases.ts";
import { leftOf } from "../../support/ntfs-log/left.ts";
import { repositoryFolder } from "../../support/repository.ts";

/** By the name of a log: the hash of what a program left of its target, or "refused". */
export type Outcomes = Readonly<Record<string, string>>;

export interface Recorded {
  readonly recordedBy: string;
  readonly command: string;
  readonly outcomes: Outcomes;
}

export type LogGolden = Readonly<Record<"ntfsrecover" | "ntfs3", Recorded>>;

export const GOLDEN_FILE = join(repositoryFolder, "fixtures/ntfs-log.json");

export function logGolden(): LogGolden {
  return JSON.parse(readFileSync(GOLDEN_FILE, "utf8"));
}

/** What nomount makes of it. */
export function recoveredBy(image: Uint8Array): Recovery {
  const source = new MemorySource(image, "volume");
  const log = ntfs.open(source, { replay: false }).content(2);
  return recover(source, parseBootSector(image.subarray(0, 512), source, 0), log);
}

export function ownOutcome({ image, target }: LogCase): string {
  const recovery = recoveredBy(image());
  if (recovery.findings.failure !== undefined) return recovery.findings.failure.message;
  const bytes = new Uint8Array(recovery.source.sizeBytes);
  recovery.source.readSync(bytes, 0);
  return outcomeOf(bytes, target);
}

export function outcomeOf(image: Uint8Array, target: LogCase["target"]): string {
  const left = leftOf(image, target);
  return typeof left === "string" ? left : createHash("sha256").update(left).digest("hex").slice(0, 16);
}

/** Writes an image without its blocks of zeros, so that a hundred of them take little room. */
export function writeSparse(file: string, image: Uint8Array): void {
  const descriptor = openSync(file, "w");
  try {
    ftruncateSync(descriptor, image.length);
    for (let at = 0; at < image.length; at += 4096) {
      const block = image.subarray(at, at + 4096);
      if (block.some((byte) => byte !== 0)) writeSync(descriptor, block, 0, block.length, at);
    }
  } finally {
    closeSync(descriptor);
  }
}
