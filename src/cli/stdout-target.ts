import { Writable } from "node:stream";
import { NomountError } from "../error.ts";
import type { Target } from "../sink/target.ts";
import type { Output } from "./output.ts";

/** Standard output. Writes are synchronous: what is read meanwhile is read by other threads. */
export class StdoutTarget implements Target {
  readonly label = "standard output";
  readonly #output: Output;

  constructor(output: Output) {
    if (output.isTerminal) throw new NomountError("usage", "an archive is not for a terminal: send it to a file or a pipe");
    this.#output = output;
  }

  async open(): Promise<Writable> {
    return new Writable({
      write: (bytes: Uint8Array, _, done) => {
        try {
          this.#output.bytes(bytes);
          done();
        } catch (error) {
          done(error instanceof Error ? error : new Error(String(error)));
        }
      },
    });
  }

  async commit(): Promise<void> {}

  async discard(): Promise<void> {}
}
