import type { Entry, Keeps, Sink, SinkEvents } from "../../src/sink/sink.ts";
import type { BlockSource } from "../../src/source/block-source.ts";

const KEEPS_ALL: Keeps = {
  name: true,
  mode: true,
  owner: true,
  modified: true,
  accessed: true,
  created: true,
  nanoseconds: true,
  symlink: true,
  "hard link": true,
  fifo: true,
  socket: true,
  device: true,
  xattr: true,
  acl: true,
  stream: true,
  flags: true,
  holes: true,
};

/** A sink that remembers what it was given, each content read at once. */
export class RecordingSink implements Sink {
  readonly entries: Entry[] = [];
  readonly contents = new Map<string, string>();
  calls: string[] = [];
  #events: SinkEvents | undefined;

  async open(events: SinkEvents): Promise<Keeps> {
    this.calls.push("open");
    this.#events = events;
    return KEEPS_ALL;
  }

  add(entry: Entry, content: BlockSource | undefined): void {
    this.entries.push(entry);
    if (content !== undefined) {
      const bytes = new Uint8Array(content.sizeBytes);
      content.readSync(bytes, 0);
      this.contents.set(entry.path, Buffer.from(bytes).toString());
    }
    this.#events?.done(entry);
  }

  async finish(): Promise<void> {
    this.calls.push("finish");
  }

  async abort(): Promise<void> {
    this.calls.push("abort");
  }

  /** In the order in which they came; a further name of a file as "path = first". */
  get paths(): readonly string[] {
    return this.entries.map(({ path, hardLinkTo }) => (hardLinkTo === undefined ? path : `${path} = ${hardLinkTo}`));
  }
}
