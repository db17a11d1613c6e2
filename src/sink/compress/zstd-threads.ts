import { Worker } from "node:worker_threads";
import { type Compress, loadZstd } from "./zstd-wasm.ts";

/** Whether this module was compiled: a thread is started from a file, which Node must be able to load. */
const COMPILED = import.meta.url.endsWith(".js");

interface Thread {
  readonly worker: Worker;
  /** Who waits for the answers, in the order of the questions. */
  readonly waiting: { readonly resolve: (bytes: Uint8Array) => void; readonly reject: (error: Error) => void }[];
}

/** Threads that compress frames of zstd, since WebAssembly keeps the thread it runs in. */
export class ZstdThreads {
  readonly #threads: Thread[] = [];
  readonly #count: number;
  readonly #level: number;
  readonly #here: Compress;

  /** Undefined where the optional package is missing. */
  static async start(count: number, level: number): Promise<ZstdThreads | undefined> {
    const here = await loadZstd();
    return here === undefined ? undefined : new ZstdThreads(COMPILED ? count : 0, level, here);
  }

  private constructor(count: number, level: number, here: Compress) {
    this.#level = level;
    this.#here = here;
    this.#count = count;
  }

  async compress(piece: Uint8Array): Promise<Uint8Array> {
    // One more only when all have something to do: a small archive needs none of the others.
    if (this.#threads.length < this.#count && this.#threads.every(({ waiting }) => waiting.length > 0))
      this.#threads.push(startThread(this.#level));
    const [thread] = this.#threads.toSorted((a, b) => a.waiting.length - b.waiting.length);
    if (thread === undefined) return this.#here(piece, this.#level);
    return new Promise((resolve, reject) => {
      thread.waiting.push({ resolve, reject });
      thread.worker.postMessage(piece);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()));
  }
}

function startThread(level: number): Thread {
  const worker = new Worker(new URL("./zstd-worker.js", import.meta.url), { workerData: level });
  const thread: Thread = { worker, waiting: [] };
  const fail = (error: Error): void => {
    for (const { reject } of thread.waiting.splice(0)) reject(error);
  };
  worker.on("message", (bytes: Uint8Array) => thread.waiting.shift()?.resolve(bytes));
  worker.on("error", fail);
  worker.on("exit", () => fail(new Error("a thread that compresses has ended")));
  return thread;
}
