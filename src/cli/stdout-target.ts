import { Writable } from "node:stream";
import { NomountError } from "../error.ts";
import { loadDirect, type Out } from "../sink/direct.ts";
import type { Target } from "../sink/target.ts";
import type { Place } from "../source/block-source.ts";
import type { Output } from "./output.ts";

/** Standard output. Writes are synchronous: what is read meanwhile is read by other threads. */
export class StdoutTarget implements Target {
  readonly label = "standard output";
  readonly #output: Output;

  constructor(output: Output) {
    if (output.isTerminal) throw new NomountError("usage", "an archive is not for a terminal: send it to a file or a pipe");
    this.#output = output;
  }

  async open(): Promise<Out> {
    const output = this.#output;
    const out = new Writable({
      write: (bytes: Uint8Array, _, done) => {
        try {
          output.bytes(bytes);
          done();
        } catch (error) {
          done(error instanceof Error ? error : new Error(String(error)));
        }
      },
    });
    const direct = await loadDirect();
    if (direct === undefined) return out;
    direct.enlargePipe(output.fd);
    const { expect } = direct;
    const send = (place: Place, lengthBytes: number): number => {
      output.flush();
      return direct.send(output.fd, place, lengthBytes);
    };
    return Object.assign(out, { direct: { expect, send } });
  }

  async commit(): Promise<void> {}

  async discard(): Promise<void> {}
}
