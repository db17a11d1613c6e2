import { type Fault, NomountError } from "../../error.ts";
import type { RootTransfer } from "../../source/block-source.ts";
import { type Batch, jobsOf, type Order } from "./batch.ts";
import { FolderWriter, type Result } from "./folder-writer.ts";
import type { Native } from "./native.ts";
import type { FolderSettings } from "./settings.ts";
import { Threads } from "./threads.ts";

/** So many batches are done before threads are started, which takes longer than a few files do. */
const BATCHES_WITHOUT_THREADS = 1;

/** Has batches done, by threads or in this one, and knows when to wait and when it is over. */
export class Dispatcher {
  readonly #writer: FolderWriter;
  readonly #threads: Threads;
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #pending = new Set<Promise<void>>();
  #waitingForRoom: (() => void)[] = [];
  #submitted = 0;
  #ended: Fault | undefined;
  #bug: Error | undefined;

  constructor(threads: number, native: Native | undefined) {
    this.#threads = new Threads(threads, this.#stop);
    this.#writer = new FolderWriter(native, () => Atomics.load(this.#stop, 0) !== 0);
  }

  /** `done` is called once, now or later, unless it ended otherwise. */
  submit(batch: Batch, settings: FolderSettings, done: (result: Result) => void, order: Order = "as given"): void {
    this.#submitted += 1;
    const slots = batch.finish();
    const roots = this.#submitted > BATCHES_WITHOUT_THREADS && this.#threads.capacity > 0 ? transfers(batch) : undefined;
    const taken = (result: Result): void => {
      if (result.ended !== undefined) this.end(result.ended);
      done(result);
    };
    if (roots === undefined) taken(this.#writer.run(jobsOf(slots, batch.jobs, order, batch.roots), settings));
    else this.track(this.#threads.run({ slots, jobs: batch.jobs, order, roots, settings }).then(taken));
  }

  /** Work that `drain` waits for. */
  track(work: Promise<void>): void {
    const settled = work.then(
      () => undefined,
      (error: unknown) => {
        this.#bug ??= error instanceof Error ? error : new Error(String(error));
      },
    );
    const pending = settled.then(() => {
      this.#pending.delete(pending);
      for (const go of this.#waitingForRoom.splice(0)) go();
    });
    this.#pending.add(pending);
  }

  /** When there is enough to do, a promise that there is room for more. */
  room(): Promise<void> | undefined {
    if (this.#pending.size < Math.max(1, this.#threads.capacity)) return undefined;
    return new Promise<void>((resolve) => this.#waitingForRoom.push(resolve)).then(() => this.room());
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
