import type { Fault } from "../error.ts";
import type { NodeKind } from "../filesystem/node.ts";
import type { Entry, Facet, SinkEvents } from "../sink/sink.ts";

/** Something that concerns one path: relative to the destination, or, of damage, from the volume's root. */
export interface Problem {
  readonly path: string;
  readonly fault: Fault;
}

/** A facet that did not survive, for one reason. */
export interface Loss {
  readonly facet: Facet;
  readonly why: string;
  /** The entry is not there at all, rather than there without this facet. */
  readonly omitted: boolean;
  readonly count: number;
  /** The first of them, up to `LISTED`. */
  readonly paths: readonly string[];
}

/** What became of a run. */
export interface Report {
  /** Entries that were written; a further name of a file counts as a hard link. */
  readonly copied: Readonly<Record<NodeKind | "hard link", number>>;
  /** Bytes of content of the files written, holes included. */
  readonly contentBytes: number;
  /** Entries that did not come, or not whole: the first of them, up to `LISTED`. */
  readonly failed: readonly Problem[];
  readonly failedCount: number;
  /** Damage to the filesystem itself that was met on the way: what it held may be missing. The first, up to `LISTED`. */
  readonly damaged: readonly Problem[];
  readonly damagedCount: number;
  readonly losses: readonly Loss[];
  /** Entries that a filter left out, those inside directories left out not counted. */
  readonly filteredCount: number;
  /** Entries that needed not be sent: there already, or as they were in an earlier manifest. */
  readonly skippedCount: number;
  /** Why it ended early: `interrupted` by the signal, or what the source or the destination died of. */
  readonly ended: Ended | undefined;
}

/** `code`: what the system called it, where it was the system's word: "EPIPE", "ENOSPC". */
export type Ended = "interrupted" | (Fault & { readonly code: string | undefined });

/** So many paths are kept of each sort, so that a report is bounded; events give all of them. */
export const LISTED = 10_000;

/** Collects what happens in a run, and passes it on. */
export class Recorder {
  readonly events: SinkEvents;
  readonly #copied = { ...NONE };
  readonly #failed: Problem[] = [];
  readonly #damaged: Problem[] = [];
  readonly #losses: Collected[] = [];
  /** The same by facet and reason, apart for what is omitted. */
  readonly #byReason = { omitted: new Map<Facet, Map<string, Collected>>(), lost: new Map<Facet, Map<string, Collected>>() };
  #contentBytes = 0;
  #failedCount = 0;
  #damagedCount = 0;
  #filteredCount = 0;
  #skippedCount = 0;

  constructor(observer: Partial<SinkEvents>) {
    this.events = {
      progress: (bytes) => observer.progress?.(bytes),
      done: (entry, sha256) => {
        this.#done(entry);
        observer.done?.(entry, sha256);
      },
      omitted: (path, facet, why) => {
        this.#lose(path, facet, why, "omitted");
        observer.omitted?.(path, facet, why);
      },
      failed: (path, fault) => {
        this.#failedCount += 1;
        if (this.#failed.length < LISTED) this.#failed.push({ path, fault });
        observer.failed?.(path, fault);
      },
      lost: (path, facet, why) => {
        this.#lose(path, facet, why, "lost");
        observer.lost?.(path, facet, why);
      },
    };
  }

  damaged(path: string, fault: Fault): void {
    this.#damagedCount += 1;
    if (this.#damaged.length < LISTED) this.#damaged.push({ path, fault });
  }

  filtered(): void {
    this.#filteredCount += 1;
  }

  skipped(): void {
    this.#skippedCount += 1;
  }

  report(ended: Report["ended"]): Report {
    return {
      copied: { ...this.#copied },
      contentBytes: this.#contentBytes,
      failed: this.#failed,
      failedCount: this.#failedCount,
      damaged: this.#damaged,
      damagedCount: this.#damagedCount,
      losses: this.#losses,
      filteredCount: this.#filteredCount,
      skippedCount: this.#skippedCount,
      ended,
    };
  }

  #done({ node, hardLinkTo }: Entry): void {
    this.#copied[hardLinkTo === undefined ? node.kind : "hard link"] += 1;
    if (hardLinkTo === undefined && node.kind === "file") this.#contentBytes += node.sizeBytes;
  }

  #lose(path: string, facet: Facet, why: string, how: "omitted" | "lost"): void {
    const known = this.#byReason[how].get(facet)?.get(why);
    const loss = known ?? this.#newLoss(facet, this.#losses.length < MAX_REASONS ? why : OTHER_REASONS, how);
    loss.count += 1;
    if (loss.paths.length < LISTED) loss.paths.push(path);
  }

  #newLoss(facet: Facet, why: string, how: "omitted" | "lost"): Collected {
    const ofFacet = this.#byReason[how].get(facet) ?? new Map<string, Collected>();
    this.#byReason[how].set(facet, ofFacet);
    const loss = ofFacet.get(why) ?? { facet, why, omitted: how === "omitted", count: 0, paths: [] };
    if (loss.count === 0) {
      ofFacet.set(why, loss);
      this.#losses.push(loss);
    }
    return loss;
  }
}

interface Collected extends Loss {
  count: number;
  readonly paths: string[];
}

/** More reasons than this (a volume in ruins has one for each inode) are counted together, facet by facet. */
const MAX_REASONS = 1000;
const OTHER_REASONS = "for other reasons";

const NONE: Readonly<Record<NodeKind | "hard link", number>> = {
  file: 0,
  directory: 0,
  symlink: 0,
  "hard link": 0,
  fifo: 0,
  socket: 0,
  char: 0,
  block: 0,
  other: 0,
};
