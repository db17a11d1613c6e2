import { NomountError, SourceError } from "../../../error.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { OverlaySource } from "../../../source/overlay.ts";
import type { JournalState, OpenOptions } from "../../file-system.ts";
import { readSuperblock, type Superblock } from "../superblock.ts";
import { applyFastCommits, nothingApplied } from "./fast-commit/apply.ts";
import { noFastCommits, scanFastCommits } from "./fast-commit/scan.ts";
import { Log } from "./jbd2/log.ts";
import { replay } from "./jbd2/replay.ts";
import { readRevocations } from "./jbd2/revocations.ts";
import { scan } from "./jbd2/scan.ts";
import type { Journal } from "./jbd2/superblock.ts";
import { locateJournal } from "./locate.ts";
import { Allocation } from "./metadata/allocation.ts";
import { type Draft, geometryOf } from "./metadata/geometry.ts";
import { settleSuperblock } from "./metadata/superblock-draft.ts";
import { cleanUpOrphans } from "./orphan/cleanup.ts";
import { clean, type Findings, nothingFound, refused, replayed, unread } from "./state.ts";

/** A filesystem as its own kernel would show it after a crash at the moment of the snapshot. */
export interface Recovery {
  /** The given source itself where there is nothing to recover, else an overlay on it. */
  readonly source: BlockSource;
  /** As `source` has it: a replay changes the superblock too. */
  readonly superblock: Superblock;
  /** Undefined where the filesystem has no journal. */
  readonly journal: JournalState | undefined;
  /** Gives the memory of the overlay back. */
  close(): void;
}

/**
 * Does in memory what mounting would do to the disk: replays the journal, then its fast commits, then cleans up the files that
 * were being deleted or truncated. Costs nothing where the superblock says that nothing is to be done. Throws `path` where
 * the journal lies on a device that was not given. A damaged journal is replayed as far as the kernel replays it before it
 * refuses to mount, which is often not at all, and `journal.stopped` says why no further. With `replay: false` the source stays
 * as it is, and nothing of the journal is read.
 */
export function recover(source: BlockSource, superblock: Superblock, options: OpenOptions = {}): Recovery {
  const features = superblock.features.names;
  const hasJournal = features.has("has_journal");
  const dirty = hasJournal && features.has("needs_recovery");
  const asItLies = (journal: JournalState | undefined): Recovery => ({ source, superblock, journal, close: () => {} });
  if (options.replay === false) return asItLies(dirty ? unread : hasJournal ? clean : undefined);
  if (!dirty && !superblock.hasOrphans) return asItLies(hasJournal ? clean : undefined);

  const journal = dirty ? locate(source, superblock, options) : undefined;
  if (journal instanceof NomountError) return asItLies(refused(journal));
  const overlay = new OverlaySource(source, {
    unitBytes: superblock.blockBytes,
    ...(journal === undefined ? {} : { donor: journal.source }),
  });
  const giveUp = (failure: NomountError): Recovery => {
    overlay.close();
    return asItLies(refused(failure));
  };
  const found = journal === undefined ? nothingFound : replayLog(journal, overlay, superblock.inodeBytes);
  if (found instanceof NomountError) return giveUp(found);
  const after = superblockAfter(overlay, superblock);
  if (after instanceof NomountError) return giveUp(after);
  const draft: Draft = { source: overlay, geometry: geometryOf(overlay, after) };
  const finished = finish(draft, source, superblock, journal, found);
  return {
    source: overlay,
    superblock: readSuperblock(overlay),
    journal: hasJournal ? replayed(finished) : undefined,
    close: () => overlay.close(),
  };
}

/** An absent device is for the caller to name; a damaged journal is a finding. */
function locate(source: BlockSource, superblock: Superblock, options: OpenOptions): Journal | NomountError {
  try {
    return locateJournal({ source, geometry: geometryOf(source, superblock) }, options.journal);
  } catch (error) {
    const failure = finding(error);
    if (failure.kind === "path") throw failure;
    return failure;
  }
}

/** Fills the overlay with what the log holds. Gives back an error where the kernel gives up before it has replayed anything. */
function replayLog(journal: Journal, overlay: OverlaySource, inodeBytes: number): Findings | NomountError {
  if (journal.startBlock === 0) return nothingFound;
  try {
    const log = new Log(journal);
    const { endSequence, failure } = scan(log);
    const fastCommits = scanFastCommits(log, endSequence, inodeBytes);
    const revocations = readRevocations(log, endSequence);
    const result = replay(log, endSequence, revocations, overlay);
    return {
      ...nothingFound,
      dirty: true,
      transactions: result.transactions,
      fastCommits: result.isWhole ? fastCommits : noFastCommits,
      blocks: overlay.changedUnits,
      failure: result.failure ?? failure,
    };
  } catch (error) {
    return finding(error);
  }
}

/** The superblock that the log leaves, as long as it still describes this filesystem. */
function superblockAfter(overlay: OverlaySource, before: Superblock): Superblock | NomountError {
  try {
    const after = readSuperblock(overlay);
    if (after.blockBytes === before.blockBytes && after.uuid === before.uuid) return after;
    return new NomountError("corrupt", "ext: the superblock in the journal is one of another filesystem", {
      where: { label: overlay.label },
    });
  } catch (error) {
    return finding(error);
  }
}

/** What follows the replay of the log: the fast commits always, the rest on a mount that succeeds. */
function finish(
  draft: Draft,
  beneath: BlockSource,
  before: Superblock,
  journal: Journal | undefined,
  found: Findings,
): Findings {
  const allocation = new Allocation(draft);
  try {
    const applied = journal === undefined ? nothingApplied : applyFastCommits(draft, allocation, journal, found.fastCommits);
    const failure = found.failure ?? applied.failure;
    // The kernel does not touch orphans on a filesystem with known errors.
    const orphansWanted = !before.hasErrors && (journal?.errno ?? 0) === 0 && !applied.foundErrors;
    const orphans = orphansWanted && failure === undefined ? cleanUpOrphans(draft, allocation) : undefined;
    allocation.finish();
    if (failure === undefined) settleSuperblock(draft, beneath, { orphansDone: orphansWanted });
    return { ...found, failure, orphans };
  } catch (error) {
    return { ...found, failure: found.failure ?? finding(error) };
  }
}

/** A problem to report; a source that has died, or a bug, ends the opening. */
function finding(error: unknown): NomountError {
  if (!(error instanceof NomountError) || (error instanceof SourceError && error.fatal)) throw error;
  return error;
}
