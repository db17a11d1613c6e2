import { createHash, type Hash, randomUUID } from "node:crypto";
import { NomountError } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { pump } from "../../source/pump.ts";
import { BadRanges } from "../bad-ranges.ts";
import type { Damaged } from "../folder/settings.ts";
import type { Entry, Pace } from "../sink.ts";
import type { Retry } from "./retry.ts";
import type { Store, Upload } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** What goes out in one piece, as far as pace and back-pressure are concerned. */
const PIECE_BYTES = 128 * 1024;
const ZEROS = new Uint8Array(64 * 1024);

export interface Sending {
  readonly store: Store;
  readonly retry: Retry;
  readonly signal: AbortSignal;
  readonly damaged: Damaged;
  /** Whether parts are continued from an earlier run, and left for a later one. */
  readonly resume: boolean;
  readonly digests: boolean;
  readonly pace: Pace | undefined;
  readonly progress: (bytes: number) => void;
}

/** What became of a file that has arrived. */
export interface Sent {
  readonly sha256: string | undefined;
  /** What could not be read and is zeros there, where damage is kept. */
  readonly damage: NomountError | undefined;
}

/** Sends one file: again and further where the line breaks. What cannot be sent, or read whole, is thrown and not there. */
export class FileSending {
  readonly #way: Sending;
  readonly #path: string;
  readonly #entry: Entry;
  readonly #content: BlockSource;
  readonly #key: string;
  /** What is sent of it, in this attempt and those before. */
  #arrivedBytes = 0;
  #toldBytes = 0;
  /** Something of it may be there. */
  #isBegun = false;

  constructor(way: Sending, path: string, entry: Entry, content: BlockSource) {
    this.#way = way;
    this.#path = path;
    this.#entry = entry;
    this.#content = content;
    this.#key = keyOf(entry, content.sizeBytes, way.resume);
  }

  async run(): Promise<Sent> {
    const sent = await this.#way.retry.run(() => this.#attempt());
    this.#tell(this.#content.sizeBytes);
    return sent;
  }

  async #attempt(): Promise<Sent> {
    const { store, resume } = this.#way;
    const { sizeBytes } = this.#content;
    await store.open();
    const begun = store.upload(this.#path, {
      sizeBytes,
      attributes: this.#entry.node,
      key: this.#key,
      resume: this.#isBegun ? this.#arrivedBytes : resume ? "as found" : undefined,
    });
    this.#isBegun = true;
    const upload = await begun;
    try {
      const sent = await this.#pour(upload);
      await upload.finish(sizeBytes);
      await upload.publish();
      return sent;
    } catch (error) {
      if (upload.arrivedBytes > this.#arrivedBytes) this.#way.retry.progressed();
      this.#arrivedBytes = upload.arrivedBytes;
      const passes = error instanceof StoreError && error.transient;
      await upload.discard(passes || (resume && this.#way.signal.aborted) ? "keep" : "remove");
      throw error;
    }
  }

  async #pour(upload: Upload): Promise<Sent> {
    const { digests, signal, damaged } = this.#way;
    const { sizeBytes } = this.#content;
    const beginBytes = Math.min(upload.arrivedBytes, sizeBytes);
    const hash = digests ? createHash("sha256") : undefined;
    // A digest is of all of it, also of what need not be sent again.
    const offsetBytes = hash === undefined ? beginBytes : 0;
    const bad = new BadRanges();
    let hashedBytes = 0;
    this.#tell(beginBytes);
    for await (const chunk of pump(this.#content, { offsetBytes, signal, keepBytes: true })) {
      if ("fault" in chunk) {
        bad.add(chunk.offsetBytes, chunk.lengthBytes, chunk.fault);
        continue;
      }
      if (hash !== undefined) {
        hashZeros(hash, chunk.offsetBytes - hashedBytes);
        hash.update(chunk.bytes);
        hashedBytes = chunk.offsetBytes + chunk.bytes.length;
      }
      if (bad.any && damaged === "leave out") continue;
      await this.#write(upload, chunk.bytes, chunk.offsetBytes, beginBytes);
    }
    const fault = bad.fault();
    if (fault !== undefined && damaged === "leave out") throw new NomountError(fault.kind, fault.message);
    if (hash !== undefined) hashZeros(hash, sizeBytes - hashedBytes);
    return {
      sha256: hash?.digest("hex"),
      damage: fault === undefined ? undefined : new NomountError(fault.kind, `${fault.message}; zeros stand in their place`),
    };
  }

  async #write(upload: Upload, bytes: Uint8Array, offsetBytes: number, beginBytes: number): Promise<void> {
    const { pace, signal } = this.#way;
    for (let at = Math.max(0, beginBytes - offsetBytes); at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      const wait = pace?.take(piece.length);
      if (wait !== undefined) await wait;
      signal.throwIfAborted();
      const room = upload.write(piece, offsetBytes + at);
      if (room !== undefined) await room;
      this.#tell(offsetBytes + at + piece.length);
    }
  }

  /** Of what is sent twice nothing is told twice. */
  #tell(upToBytes: number): void {
    if (upToBytes <= this.#toldBytes) return;
    this.#way.progress(upToBytes - this.#toldBytes);
    this.#toldBytes = upToBytes;
  }
}

/**
 * The same content has the same key in another run that may go on with it: a snapshot does not change, and a file that changes
 * has another time. Otherwise nobody else has it.
 */
function keyOf({ path, node }: Entry, sizeBytes: number, resume: boolean): string {
  const { modifiedNs, changedNs, id } = node;
  const what = resume ? [path, sizeBytes, String(modifiedNs), String(changedNs), id] : [randomUUID()];
  return createHash("sha256").update(JSON.stringify(what)).digest("hex").slice(0, 20);
}

function hashZeros(hash: Hash, count: number): void {
  for (let rest = count; rest > 0; rest -= ZEROS.length) hash.update(ZEROS.subarray(0, Math.min(rest, ZEROS.length)));
}
