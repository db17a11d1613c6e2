import { Worker } from "node:worker_threads";
import type { Result } from "./folder-writer.ts";
import type { WorkerStart, WorkOrder } from "./worker.ts";

/** Whether this module was compiled: a thread is started from a file, which Node must be able to load. */
const COMPILED = import.meta.url.endsWith(".js");

/** How many orders a thread has at most, so that it need not wait for the next one. */
const ORDERS_A_THREAD = 2;

interface Thread {
  readonly worker: Worker;
  /** Who waits for the answers, in the order of the questions. */
  readonly waiting: { readonly resolve: (result: Result) => void; readonly reject: (error: Error) => void }[];
}

/** Threads that do batches. */
export class Threads {
  readonly #threads: Thread[] = [];
  readonly #count: number;
  readonly #stop: Int32Array;

  constructor(count: number, stop: Int32Array) {
    this.#count = COMPILED ? count : 0;
    this.#stop = stop;
  }

  /** How many orders they hold at most, so that none of them waits for the next one. */
  get capacity(): number {
    return this.#count * ORDERS_A_THREAD;
  }

  /** Starts them, if need be, and gives the order to the one with the least to do. */
  run(order: WorkOrder): Promise<Result> {
    while (this.#threads.length < this.#count) this.#start();
    const [thread] = this.#threads.toSorted((a, b) => a.waiting.length - b.waiting.length);
    if (thread === undefined) return Promise.reject(new Error("there are no threads"));
    const result = new Promise<Result>((resolve, reject) => thread.waiting.push({ resolve, reject }));
    thread.worker.postMessage(order, [order.slots.numbers, order.slots.bytes]);
    return result;
  }

  /** Lets them end by themselves: a thread that is terminated while it loads a native module takes the process with it. */
  async close(): Promise<void> {
    const ends = this.#threads.splice(0).map(({ worker }) => {
      // Of one that has ended already, Node says -1.
      if (worker.threadId === -1) return undefined;
      const end = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
      worker.postMessage("end");
      return end;
    });
    await Promise.all(ends);
  }

  #start(): void {
    const start: WorkerStart = { stop: this.#stop };
    const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: start });
    const thread: Thread = { worker, waiting: [] };
    const fail = (error: Error): void => {
      for (const { reject } of thread.waiting.splice(0)) reject(error);
    };
    worker.on("message", (result: Result) => thread.waiting.shift()?.resolve(result));
    worker.on("error", fail);
    worker.on("exit", (code) => fail(new Error(`a writer thread ended with status ${code}`)));
    this.#threads.push(thread);
  }
}
