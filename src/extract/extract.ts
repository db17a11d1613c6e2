import { faultOf, NomountError } from "../error.ts";
import { systemCode } from "../sink/failure.ts";
import type { Entry, Keeps, Sink, SinkEvents, Stock, Wishes } from "../sink/sink.ts";
import { holds, type Planned, type PlanOptions, plan } from "./plan.ts";
import { type Ended, Recorder, type Report } from "./report.ts";
import { nameSelections, type Selection } from "./selection.ts";

export interface ExtractOptions extends Omit<PlanOptions, "noHardLinks"> {
  /** Ends the run: nothing partial is left, and the report says what was done. */
  readonly signal?: AbortSignal | undefined;
  /** Told once, before the first entry: what the destination keeps and what it loses. */
  readonly opened?: ((keeps: Keeps) => void) | undefined;
  /** Told of everything as it happens; the report has the same, counted and bounded. */
  readonly observer?: Partial<SinkEvents> | undefined;
  /** Told of each entry when it is handed to the sink. */
  readonly begun?: ((entry: Entry) => void) | undefined;
  readonly wishes?: Wishes | undefined;
  /** Whether an entry need not be sent: it is there already, or the same as before. A directory still comes before what is sent of it. */
  readonly skips?: ((entry: Entry, stock: Stock | undefined) => Promise<boolean>) | undefined;
}

/** So long the work holds up everything else in its thread (signals, timers) at most. */
const SLICE_MS = 40;

/**
 * Copies files and trees to a sink, each under its own name, the content of a volume's root straight into the destination.
 * A file that cannot be had is in the report, and the rest goes on; so is the reason when the source or the destination dies,
 * or the signal ends it. Throws `usage` when two selections would have the same place.
 */
export async function extract(selections: readonly Selection[], sink: Sink, options: ExtractOptions = {}): Promise<Report> {
  const { signal, observer = {}, wishes } = options;
  const named = nameSelections(selections);
  const recorder = new Recorder(observer);
  // Whoever waits for the destination must not wait for ever.
  const stop = (): void => void sink.abort();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    const keeps = await sink.open(recorder.events, wishes);
    options.opened?.(keeps);
    let sliceStart = performance.now();
    const noHardLinks = keeps["hard link"] === true ? undefined : keeps["hard link"];
    const skipped = new SkippedFolders();
    for (const planned of plan(named, { ...options, noHardLinks }, recorder)) {
      if (planned !== undefined && (await options.skips?.(planned.entry, sink.stock)) === true) {
        recorder.skipped();
        if (planned.entry.node.kind === "directory") skipped.hold(planned);
      } else if (planned !== undefined) {
        for (const { entry, content } of [...skipped.before(planned.entry.path), planned]) {
          options.begun?.(entry);
          const wait = sink.add(entry, content);
          if (wait !== undefined) await wait;
        }
      }
      if (performance.now() - sliceStart > SLICE_MS) {
        await turn();
        sliceStart = performance.now();
      }
      signal?.throwIfAborted();
    }
    await sink.finish();
    signal?.throwIfAborted();
    return recorder.report(undefined);
  } catch (error) {
    await sink.abort();
    return recorder.report(reasonOf(error, signal));
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function reasonOf(error: unknown, signal: AbortSignal | undefined): Ended {
  if (signal?.aborted === true && (error === signal.reason || error instanceof NomountError)) return "interrupted";
  if (error instanceof NomountError && error.kind === "usage") throw error;
  return { ...faultOf(error), code: error instanceof NomountError ? systemCode(error.cause) : undefined };
}

/** Lets everything else that waits have its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Directories that need not be sent for themselves, while the walk is in them: something in them may need to be. */
class SkippedFolders {
  #held: Planned[] = [];

  hold(folder: Planned): void {
    this.#held = this.#held.filter(({ entry }) => holds(entry.path, folder.entry.path));
    this.#held.push(folder);
  }

  /** Those that must come before this path, which are held no more. */
  before(path: string): readonly Planned[] {
    if (this.#held.length === 0) return [];
    return this.#held.splice(0).filter(({ entry }) => holds(entry.path, path));
  }
}
