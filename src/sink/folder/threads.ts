import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Result } from "./folder-writer.ts";
import type { WorkerStart, WorkOrder } from "./worker.ts";

/** Whether this module was compiled: a thread is started from a file, which Node must be able to load. */
const COMPILED = import.meta.url.endsWith(".js");

/** How many orders a thread has at most, so that it need not wait for the next one. */
const ORDERS_A_THREAD = 2;

interface Waiting {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** Who waits for the answers, in the order of the questions. */
  readonly waiting: Waiting[];
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

  get any(): boolean {
    return this.#count > 0;
  }

  /** Whether each of them has all that it can take. Answers that have come are looked at, without a turn of the event loop. */
  get areBusy(): boolean {
    if (this.#threads.length < this.#count) return false;
    for (const { port, waiting } of this.#threads) {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
        waiting.shift()?.resolve(next.message);
    }
    return this.#threads.every(({ waiting }) => waiting.length >= ORDERS_A_THREAD);
  }

  /** Gives the order to the one with the least to do, or to a new one. */
  run(order: WorkOrder): Promise<Result> {
    if (this.#threads.length < this.#count) this.#start();
    const [thread] = this.#threads.toSorted((a, b) => a.waiting.length - b.waiting.length);
    if (thread === undefined) return Promise.reject(new Error("there are no threads"));
    const result = new Promise<Result>((resolve, reject) => thread.waiting.push({ resolve, reject }));
    thread.port.postMessage(order, [order.slots.numbers, order.slots.bytes]);
    return result;
  }

  /** Lets them end by themselves: a thread that is terminated while it loads a native module takes the process with it. */
  async close(): Promise<void> {
    const ends = this.#threads.splice(0).map(({ worker, port }) => {
      // Of one that has ended already, Node says -1.
      if (worker.threadId === -1) return undefined;
      const end = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
      port.close();
      return end;
    });
    await Promise.all(ends);
  }

  #start(): void {
    const { port1: port, port2 } = new MessageChannel();
    const start: WorkerStart = { stop: this.#stop, port: port2 };
    const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: start, transferList: [port2] });
    const thread: Thread = { worker, port, waiting: [] };
    const fail = (error: Error): void => {
      for (const { reject } of thread.waiting.splice(0)) reject(error);
    };
    port.on("message", (result: Result) => thread.waiting.shift()?.resolve(result));
    worker.on("error", fail);
    worker.on("exit", (code) => fail(new Error(`a writer thread ended with status ${code}`)));
    this.#threads.push(thread);
  }
}
