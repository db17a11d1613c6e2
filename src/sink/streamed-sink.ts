import type { Writable } from "node:stream";
import { NomountError } from "../error.ts";
import type { BlockSource } from "../source/block-source.ts";
import type { Entry, Keeps, Sink, SinkEvents } from "./sink.ts";
import type { Target } from "./target.ts";

/** An archive at a place where it appears when it is whole: `make` gives what writes its format to a stream. */
export class StreamedSink implements Sink {
  readonly #target: Target;
  readonly #make: (out: Writable) => Sink;
  #archive: Sink | undefined;

  constructor(target: Target, make: (out: Writable) => Sink) {
    this.#target = target;
    this.#make = make;
  }

  async open(events: SinkEvents): Promise<Keeps> {
    this.#archive = this.#make(await this.#target.open());
    return this.#archive.open(events);
  }

  add(entry: Entry, content: BlockSource | undefined): Promise<void> | void {
    return this.#opened().add(entry, content);
  }

  async finish(): Promise<void> {
    await this.#opened().finish();
    await this.#target.commit();
  }

  async abort(): Promise<void> {
    await this.#archive?.abort();
    await this.#target.discard();
  }

  #opened(): Sink {
    if (this.#archive === undefined) throw new NomountError("usage", "an archive is opened before anything is added to it");
    return this.#archive;
  }
}
