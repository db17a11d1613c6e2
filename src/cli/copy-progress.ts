import { nameForDisplay } from "../bytes/names.ts";
import type { Selection } from "../extract/selection.ts";
import type { Entry } from "../sink/sink.ts";
import type { Context } from "./context.ts";
import type { CopyOptions } from "./copy-options.ts";
import { Total } from "./total.ts";

/** Files of at least this size are named while they are on their way. */
const NAMED_BYTES = 8 * 1024 * 1024;
const EVERY_MS = 1000;

/** How far a copy has come: on a line of a terminal, or as JSON for programs, once a second and at the end. */
export class CopyProgress {
  readonly #context: Context;
  readonly #how: "line" | "json" | "none";
  readonly #total: Total | undefined;
  readonly #startMs = performance.now();
  /** By path: its size. */
  readonly #inFlight = new Map<string, number>();
  #doneBytes = 0;
  #doneEntries = 0;
  #toldMs = this.#startMs;

  constructor(context: Context, selections: readonly Selection[], { progress, quiet, ...filters }: CopyOptions) {
    this.#context = context;
    const isLine = quiet !== true && progress === "auto" && context.stderr.isTerminal;
    this.#how = progress === "json" ? "json" : isLine ? "line" : "none";
    const { include, exclude, newer: newerNs, streams } = filters;
    this.#total = this.#how === "none" ? undefined : new Total(selections, { include, exclude, newerNs, streams });
  }

  begun({ path, node }: Entry): void {
    if (this.#how !== "none" && node.kind === "file" && node.sizeBytes >= NAMED_BYTES) this.#inFlight.set(path, node.sizeBytes);
  }

  bytes(count: number): void {
    this.#doneBytes += count;
    this.#update();
  }

  done({ path }: Entry): void {
    this.#doneEntries += 1;
    this.over(path);
  }

  /** It is on its way no more. */
  over(path: string): void {
    this.#inFlight.delete(path);
    this.#update();
  }

  end(): void {
    this.#total?.stop();
    if (this.#how === "json") this.#tell();
  }

  #update(): void {
    if (this.#how === "line") {
      const [doneBytes, doneFiles] = [this.#doneBytes, this.#doneEntries];
      const inFlight = [...this.#inFlight.keys()].map(nameForDisplay);
      this.#context.progress?.update({ doneBytes, doneFiles, totalBytes: this.#total?.bytes, inFlight });
    } else if (this.#how === "json" && performance.now() - this.#toldMs >= EVERY_MS) this.#tell();
  }

  #tell(): void {
    const now = performance.now();
    this.#toldMs = now;
    const seconds = (now - this.#startMs) / 1000;
    this.#context.stderr.json({
      progress: {
        doneBytes: this.#doneBytes,
        doneEntries: this.#doneEntries,
        totalBytes: this.#total?.bytes ?? null,
        seconds: Math.round(seconds * 1000) / 1000,
        bytesPerSecond: seconds > 0 ? Math.round(this.#doneBytes / seconds) : 0,
        inFlight: [...this.#inFlight].map(([path, sizeBytes]) => ({ path, sizeBytes })),
      },
    });
    this.#context.stderr.flush();
  }
}
