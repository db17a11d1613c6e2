import { type PlanOptions, plan } from "../extract/plan.ts";
import { Recorder } from "../extract/report.ts";
import { nameSelections, type Selection } from "../extract/selection.ts";

const SLICE_MS = 20;

/** Counts what a copy will bring, in the pauses of the copy itself: a progress bar needs the whole, and nothing else does. */
export class Total {
  /** All of it; undefined until it has been counted. */
  bytes: number | undefined;
  #stopped = false;

  constructor(selections: readonly Selection[], options: PlanOptions) {
    void this.#count(selections, options);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #count(selections: readonly Selection[], options: PlanOptions): Promise<void> {
    let [bytes, sliceStart] = [0, performance.now()];
    try {
      for (const planned of plan(nameSelections(selections), options, new Recorder({}))) {
        if (planned?.content !== undefined) bytes += planned.entry.node.sizeBytes;
        if (performance.now() - sliceStart < SLICE_MS) continue;
        await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
        if (this.#stopped) return;
        sliceStart = performance.now();
      }
      this.bytes = bytes;
    } catch {
      // The copy meets the same and says it; without a total there is no bar.
    }
  }
}
