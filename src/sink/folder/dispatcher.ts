import { type Fault, NomountError } from "../../error.ts";
import type { RootTransfer } from "../../source/block-source.ts";
import { type Batch, jobsOf, type Order } from "./batch.ts";
import { FolderWriter, type Result } from "./folder-writer.ts";
import type { Job } from "./job.ts";
import type { Native } from "./native.ts";
import type { FolderSettings } from "./settings.ts";
import { Threads } from "./threads.ts";

/** So many batches are done before threads are started, which takes longer than a few files do. */
const BATCHES_WITHOUT_THREADS = 1;
/** So long the work in this thread holds up everything else in it (signals, timers) at most. */
const SLICE_MS = 40;

/** Has batches done, by threads and in this one, and knows when to wait and when it is over. */
export class Dispatcher {
  readonly #writer: FolderWriter;
  readonly #threads: Threads;
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #pending = new Set<Promise<void>>();
  #submitted = 0;
  /** What is being done in this thread: one batch after the other, with turns for everything else in between. */
  #here: Promise<unknown> | undefined;
  #ended: Fault | undefined;
  #bug: Error | undefined;

  constructor(threads: number, native: Native | undefined) {
    this.#threads = new Threads(threads, this.#stop);
    this.#writer = new FolderWriter(native, () => Atomics.load(this.#stop, 0) !== 0);
  }

  /**
   * Gives the batch to a thread, or does it here when all of them have enough to do. `done` is called once, now or later,
   * unless it ended otherwise.
   */
  submit(batch: Batch, settings: FolderSettings, done: (result: Result) => void, order: Order = "as given"): void {
    this.#submitted += 1;
    const slots = batch.finish();
    const { jobs } = batch;
    const roots = this.#threads.any && this.#submitted > BATCHES_WITHOUT_THREADS ? transfers(batch) : undefined;
    const result =
      roots === undefined || (this.#here === undefined && this.#threads.areBusy)
        ? this.#runHere(jobsOf(slots, jobs, order, batch.roots), settings)
        : this.#threads.run({ slots, jobs, order, roots, settings });
    this.track(
      result.then((result) => {
        if (result.ended !== undefined) this.end(result.ended);
        done(result);
      }),
    );
  }

  /** Work that `drain` waits for. */
  track(work: Promise<void>): void {
    const settled = work.then(
      () => undefined,
      (error: unknown) => {
        this.#bug ??= error instanceof Error ? error : new Error(String(error));
      },
    );
    const pending = settled.then(() => void this.#pending.delete(pending));
    this.#pending.add(pending);
  }

  /** When there is enough to do, a promise that there is room for more. */
  room(): Promise<void> | undefined {
    return this.#here?.then(() => this.room());
  }

  async drain(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    this.throwIfEnded();
  }

  /** Nothing more can be written, or read. */
  end(fault: Fault): void {
    this.#ended ??= fault;
    this.stop();
  }

  stop(): void {
    Atomics.store(this.#stop, 0, 1);
  }

  get isOver(): boolean {
    return Atomics.load(this.#stop, 0) !== 0;
  }

  throwIfEnded(): void {
    if (this.#bug !== undefined) throw this.#bug;
    if (this.#ended !== undefined) throw new NomountError(this.#ended.kind, this.#ended.message);
  }

  async close(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    await this.#threads.close();
  }

  async #runHere(jobs: readonly Job[], settings: FolderSettings): Promise<Result> {
    while (this.#here !== undefined) await this.#here;
    const result = this.#inSlices(this.#writer.steps(jobs, settings));
    const over = (): void => {
      this.#here = undefined;
    };
    this.#here = result.then(over, over);
    return result;
  }

  async #inSlices(steps: Iterator<void, Result>): Promise<Result> {
    for (let sliceStart = performance.now(); ; ) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (performance.now() - sliceStart < SLICE_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      sliceStart = performance.now();
    }
  }
}

/** How other threads can read what a batch needs, or undefined where only this one can. */
function transfers({ roots }: Batch): readonly RootTransfer[] | undefined {
  const all: RootTransfer[] = [];
  for (const { transfer } of roots) {
    if (transfer === undefined) return undefined;
    all.push(transfer);
  }
  return all;
}
