import { faultOf } from "../../../error.ts";
import type { JournalState } from "../../file-system.ts";
import type { LogFindings } from "./recover.ts";

/** As every filesystem tells of its journal. */
export function journalState({ restart, isDirty, replayed, failure }: LogFindings): JournalState {
  return {
    dirty: isDirty,
    replayed: replayed !== undefined,
    transactions: replayed?.transactions ?? (isDirty ? undefined : 0),
    blocks: replayed?.clusters ?? (isDirty ? undefined : 0),
    summary: [...words({ restart, isDirty, replayed, failure })].join("; "),
    stopped: failure === undefined ? undefined : faultOf(failure),
  };
}

function* words({ restart, isDirty, replayed, failure }: LogFindings): Generator<string> {
  if (restart === "empty") return yield "empty: never used by Windows, or reset by another driver";
  if (restart === "damaged") return yield "damaged: it begins with no restart page that is whole";
  const parts = [isDirty ? "dirty" : "clean", `version ${restart.version}`];
  if (replayed !== undefined) parts.push(count(replayed.transactions, "transaction"), count(replayed.clusters, "cluster"));
  yield parts.join(", ");
  if (restart.isObsolete) yield "a check of the disk has made it obsolete";
  if (isDirty) yield replayed === undefined ? "not replayed" : "replayed in memory";
  if (replayed !== undefined && replayed.undone > 0) yield `${count(replayed.undone, "unfinished transaction")} undone`;
  if (replayed !== undefined && replayed.foreign > 0)
    yield `${count(replayed.foreign, "record")} with numbers of another log left as on disk`;
  if (failure !== undefined) yield `stopped: ${failure.message}`;
}

/** What a user should know of the log at once, or undefined. */
export function logWarning({ restart, isDirty, replayed, failure }: LogFindings): string | undefined {
  if (restart === "damaged") return "$LogFile begins with no restart page that is whole";
  if (failure !== undefined) return `its log could not be replayed, and the newest changes are only in it: ${failure.message}`;
  return isDirty && replayed === undefined ? "$LogFile needs replay: the newest changes are only in it" : undefined;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
