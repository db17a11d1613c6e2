/** Work that goes on at once, up to so many pieces. A piece that fails ends them all: it is for what nothing can follow. */
export class Jobs {
  readonly #limit: number;
  readonly #running = new Set<Promise<void>>();
  readonly #ended: (error: unknown) => void;
  #waiting: (() => void)[] = [];

  constructor(limit: number, ended: (error: unknown) => void) {
    this.#limit = Math.max(1, limit);
    this.#ended = ended;
  }

  start(work: () => Promise<void>): void {
    const job = work()
      .catch(this.#ended)
      .then(() => {
        this.#running.delete(job);
        for (const go of this.#waiting.splice(0)) go();
      });
    this.#running.add(job);
  }

  /** When there is enough under way, a promise that there is room for more. */
  room(): Promise<void> | undefined {
    if (this.#running.size < this.#limit) return undefined;
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.room());
  }

  /** Resolves when nothing is under way any more. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
