import { damageOf, type NomountError } from "../../../error.ts";
import type { BlockSource } from "../../../source/block-source.ts";
import { OverlaySource } from "../../../source/overlay.ts";
import type { OpenOptions } from "../../file-system.ts";
import type { Geometry } from "../boot-sector.ts";
import { Draft } from "./draft.ts";
import { updateMirror } from "./mirror.ts";
import { LogReader } from "./reader.ts";
import { type Replayed, replay } from "./replay.ts";
import { type Restart, readRestart } from "./restart.ts";

/** What the log says, and what became of it. */
export interface LogFindings {
  /** "empty": nothing was ever in it, or another driver has thrown it away; "damaged": it has no beginning that is whole. */
  readonly restart: Restart | "empty" | "damaged";
  /** It has changes that the volume may lack. */
  readonly isDirty: boolean;
  /** Undefined where it was not replayed. */
  readonly replayed: (Replayed & { readonly clusters: number; readonly foreign: number }) | undefined;
  /** Why it could not be replayed. */
  readonly failure: NomountError | undefined;
}

/** A volume as Windows would show it after a crash at the moment of the snapshot. */
export interface Recovery {
  /** The given source itself where nothing differs, else an overlay on it. */
  readonly source: BlockSource;
  readonly findings: LogFindings;
  /** Gives the memory of the overlay back. */
  close(): void;
}

/** Bytes that are replaced as a whole. FILE records and index blocks are multiples of them. */
const UNIT_BYTES = 512;

/**
 * Replays the log `log` of the volume `source` in memory. Costs one read of the log where the volume was closed in order, and
 * with `replay: false`. Where the log is damaged or has what is not understood, the volume stays as it lies, and `failure`
 * names the record.
 */
export function recover(source: BlockSource, geometry: Geometry, log: BlockSource, options: OpenOptions = {}): Recovery {
  const restart = readRestart(log);
  const asItLies = (isDirty: boolean, failure?: NomountError): Recovery => ({
    source,
    findings: { restart, isDirty, replayed: undefined, failure },
    close: () => {},
  });
  if (typeof restart === "string") return asItLies(restart === "damaged");
  if (restart.isClosed || restart.isObsolete) return asItLies(false);
  if (options.replay === false) return asItLies(true);
  const overlay = new OverlaySource(source, { unitBytes: UNIT_BYTES });
  try {
    const replayed = replayInto(overlay, geometry, log, restart);
    return {
      source: overlay,
      findings: { restart, isDirty: true, replayed, failure: undefined },
      close: () => overlay.close(),
    };
  } catch (error) {
    overlay.close();
    return asItLies(true, damageOf(error));
  }
}

function replayInto(overlay: OverlaySource, geometry: Geometry, log: BlockSource, restart: Restart): LogFindings["replayed"] {
  const reader = new LogReader(log, restart);
  // A log that was opened, but has no checkpoint yet, has nothing to say.
  if (reader.checkpointLsn === 0n) return { transactions: 0, undone: 0, clusters: 0, foreign: 0 };
  const draft = new Draft(overlay, geometry, reader.lastLsn);
  const replayed = replay(reader, reader.checkpointLsn, draft);
  updateMirror(draft, overlay, geometry);
  return { ...replayed, clusters: draft.changedClusters, foreign: draft.foreignStructures };
}
