import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { NomountError } from "../error.ts";
import type { BlockSource } from "../source/block-source.ts";
import { type PieceFormat, PieceStream } from "./compress/piece-stream.ts";
import { reason } from "./failure.ts";
import { PacedStream } from "./pace.ts";
import type { Entry, Keeps, Sink, SinkEvents, Wishes } from "./sink.ts";
import type { Target } from "./target.ts";

/** An archive at a place where it appears when it is whole: `make` gives what writes its format to a stream. */
export class StreamedSink implements Sink {
  readonly #target: Target;
  readonly #make: (out: Writable) => Sink;
  readonly #compression: (() => Promise<PieceFormat>) | undefined;
  #archive: Sink | undefined;
  /** What the archive writes to: the target's own stream, or one that leads there. */
  #stream: Writable | undefined;

  constructor(target: Target, make: (out: Writable) => Sink, compression?: () => Promise<PieceFormat>) {
    this.#target = target;
    this.#make = make;
    this.#compression = compression;
  }

  async open(events: SinkEvents, wishes: Wishes = {}): Promise<Keeps> {
    const format = await this.#compression?.();
    const out = await this.#target.open();
    const paced = wishes.pace === undefined ? out : new PacedStream(out, wishes.pace);
    const stream = format === undefined ? paced : new PieceStream(paced, format);
    this.#stream = stream === out ? undefined : stream;
    this.#archive = this.#make(stream);
    return this.#archive.open(events, wishes);
  }

  add(entry: Entry, content: BlockSource | undefined): Promise<void> | void {
    return this.#opened().add(entry, content);
  }

  async finish(): Promise<void> {
    await this.#opened().finish();
    await this.#endStream();
    await this.#target.commit();
  }

  async abort(): Promise<void> {
    await this.#archive?.abort();
    this.#stream?.on("error", () => undefined).destroy();
    await this.#target.discard();
  }

  async #endStream(): Promise<void> {
    if (this.#stream === undefined) return;
    this.#stream.end();
    try {
      await finished(this.#stream);
    } catch (error) {
      if (error instanceof NomountError) throw error;
      throw new NomountError("sink", `${this.#target.label}: ${reason(error)}`, { cause: error });
    }
  }

  #opened(): Sink {
    if (this.#archive === undefined) throw new NomountError("usage", "an archive is opened before anything is added to it");
    return this.#archive;
  }
}
