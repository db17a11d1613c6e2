import { faultOf, type NomountError } from "../../../error.ts";
import type { JournalState } from "../../file-system.ts";
import { type FastCommitScan, noFastCommits } from "./fast-commit/scan.ts";
import type { Cleanup } from "./orphan/cleanup.ts";

/** What a recovery found and did, before it is put into words. */
export interface Findings {
  readonly dirty: boolean;
  readonly transactions: number;
  readonly fastCommits: FastCommitScan;
  readonly blocks: number;
  readonly orphans: Cleanup | undefined;
  readonly failure: NomountError | undefined;
}

export const nothingFound: Findings = {
  dirty: false,
  transactions: 0,
  fastCommits: noFastCommits,
  blocks: 0,
  orphans: undefined,
  failure: undefined,
};

export const clean: JournalState = {
  dirty: false,
  replayed: false,
  transactions: 0,
  blocks: 0,
  summary: "clean",
  stopped: undefined,
};

/** It was not looked into. */
export const unread: JournalState = {
  dirty: true,
  replayed: false,
  transactions: undefined,
  blocks: undefined,
  summary: "dirty; not replayed",
  stopped: undefined,
};

/** The kernel would give up before it had replayed anything. */
export function refused(failure: NomountError): JournalState {
  return { ...unread, summary: `${unread.summary}: ${failure.message}`, stopped: faultOf(failure) };
}

export function replayed({ dirty, transactions, fastCommits, blocks, orphans, failure }: Findings): JournalState {
  const held = [count(transactions, "transaction"), count(blocks, "block")];
  if (fastCommits.commits > 0) held.splice(1, 0, count(fastCommits.commits, "fast commit"));
  const parts = dirty ? [`dirty, ${held.join(", ")}`, "replayed in memory"] : ["clean"];
  if (orphans !== undefined && orphans.deleted > 0) parts.push(`${count(orphans.deleted, "orphan")} deleted`);
  if (orphans !== undefined && orphans.truncated > 0) parts.push(`${count(orphans.truncated, "file")} truncated`);
  if (orphans?.failure !== undefined) parts.push(orphans.failure.message);
  if (failure !== undefined) parts.push(`stopped: ${failure.message}`);
  return {
    dirty,
    replayed: dirty,
    transactions,
    blocks,
    summary: parts.join("; "),
    stopped: failure === undefined ? undefined : faultOf(failure),
  };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
