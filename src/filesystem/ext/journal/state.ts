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

export function journalState(findings: Findings, replayed: boolean): JournalState {
  const { transactions, blocks, failure, orphans } = findings;
  const dirty = findings.dirty || failure !== undefined;
  const held = [count(transactions, "transaction"), count(blocks, "block")];
  if (findings.fastCommits.commits > 0) held.splice(1, 0, count(findings.fastCommits.commits, "fast commit"));
  const parts = [dirty ? `dirty, ${held.join(", ")}` : "clean"];
  if (dirty) parts.push(replayed ? "replayed in memory" : "not replayed");
  if (orphans !== undefined && orphans.deleted > 0) parts.push(`${count(orphans.deleted, "orphan")} deleted`);
  if (orphans !== undefined && orphans.truncated > 0) parts.push(`${count(orphans.truncated, "file")} truncated`);
  if (orphans?.failure !== undefined) parts.push(orphans.failure.message);
  const stopped = failure;
  if (stopped !== undefined) parts.push(`stopped: ${stopped.message}`);
  return {
    dirty,
    replayed: dirty && replayed,
    transactions,
    blocks,
    summary: parts.join("; "),
    stopped: stopped === undefined ? undefined : faultOf(stopped),
  };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
