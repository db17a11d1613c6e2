import type { Duplex } from "node:stream";
import { lineError, type StoreError } from "../remote/store-error.ts";
import { Fields, REPLY, REQUEST, Reply } from "./packets.ts";

/** A line to a server: the channel on which SFTP is spoken, and how to have its packets sent together. */
export interface Line {
  readonly channel: Duplex;
  /** What is written until the returned function is called goes out in as few pieces as can be. */
  join(): () => void;
  close(): void;
}

/** Requests of the same moment are joined up to so many bytes, then written. */
const JOINED_BYTES = 256 * 1024;
/** So much content may be on its way without an answer, all files together; the window of an SSH channel is as large. */
const IN_FLIGHT_BYTES = 2 * 1024 * 1024;
/** Longer than any reply that was asked for. */
const MAX_PACKET_BYTES = 1024 * 1024;
/** What every server takes in one read or write (draft-ietf-secsh-filexfer-02, 3). */
const SAFE_DATA_BYTES = 32 * 1024;
const MAX_DATA_BYTES = 128 * 1024;

interface Pending {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: StoreError) => void;
  readonly bytes: number;
}

/**
 * One SFTP session: any number of requests under way, each answered by its number. Those of one moment go out together: a
 * packet each would cost an encryption and a system call each. A server that says nothing for too long is a broken line.
 */
export class Session {
  readonly label: string;
  readonly #line: Line;
  readonly #idleMs: number;
  readonly #pending = new Map<number, Pending>();
  readonly #extensions = new Set<string>();
  #ready: ((error?: StoreError) => void) | undefined;
  #nextId = 0;
  #outgoing: Uint8Array[] = [];
  #outgoingBytes = 0;
  #flushing = false;
  #incoming: Buffer = Buffer.alloc(0);
  #inFlightBytes = 0;
  #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #error: StoreError | undefined;
  #maxDataBytes = SAFE_DATA_BYTES;

  constructor(label: string, line: Line, idleMs: number) {
    this.label = label;
    this.#line = line;
    this.#idleMs = idleMs;
    line.channel
      .on("data", (bytes: Buffer) => this.#take(bytes))
      .on("error", (error: Error) => this.fail(lineError(`${label}: ${error.message}`, error)))
      .on("close", () => this.fail(lineError(`${label}: the server has closed the line`)))
      .on("end", () => this.fail(lineError(`${label}: the server has closed the line`)));
  }

  /** Agrees on the protocol. */
  async begin(): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => {
      this.#ready = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.#send(Buffer.from([0, 0, 0, 5, REQUEST.init, 0, 0, 0, 3]), []);
    this.#watch();
    await answered;
    if (!this.has("limits@openssh.com")) return;
    const limits = await this.request(REQUEST.extended, new Fields().text("limits@openssh.com"));
    if (limits.type !== REPLY.extended) return;
    limits.u64();
    const [maxRead, maxWrite] = [limits.u64(), limits.u64()].map((bytes) => (bytes === 0 ? SAFE_DATA_BYTES : bytes));
    this.#maxDataBytes = Math.min(MAX_DATA_BYTES, maxRead ?? SAFE_DATA_BYTES, maxWrite ?? SAFE_DATA_BYTES);
  }

  get isOver(): boolean {
    return this.#error !== undefined;
  }

  /** As much as one read or write may have. */
  get maxDataBytes(): number {
    return this.#maxDataBytes;
  }

  has(extension: string): boolean {
    return this.#extensions.has(extension);
  }

  /** Sends a request, soon; resolves to its reply. `contentBytes`: how much of it counts as content on its way. */
  request(type: number, fields: Fields, contentBytes = 0): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) return reject(this.#error);
      const id = this.#nextId;
      this.#nextId = (id + 1) >>> 0;
      this.#pending.set(id, { resolve, reject, bytes: contentBytes });
      this.#inFlightBytes += contentBytes;
      let length = 5;
      for (const part of fields.parts) length += part.length;
      const head = Buffer.allocUnsafe(9);
      head.writeUInt32BE(length, 0);
      head.writeUInt8(type, 4);
      head.writeUInt32BE(id, 5);
      this.#send(head, fields.parts);
      this.#watch();
    });
  }

  /** When enough content is on its way, a promise that there is room for more. */
  room(): Promise<void> | undefined {
    if (this.#inFlightBytes < IN_FLIGHT_BYTES || this.#error !== undefined) return undefined;
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.room());
  }

  close(): void {
    this.fail(lineError(`${this.label}: the line was closed`));
  }

  /** Ends the line; whatever is under way fails. */
  fail(error: StoreError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    clearTimeout(this.#timer);
    this.#line.close();
    this.#ready?.(error);
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(error);
    this.#tellRoom();
  }

  #send(head: Uint8Array, parts: readonly Uint8Array[]): void {
    this.#outgoing.push(head, ...parts);
    this.#outgoingBytes += head.length;
    for (const part of parts) this.#outgoingBytes += part.length;
    if (this.#outgoingBytes >= JOINED_BYTES) this.#flush();
    else if (!this.#flushing) {
      this.#flushing = true;
      setImmediate(() => {
        this.#flushing = false;
        this.#flush();
      });
    }
  }

  #flush(): void {
    if (this.#outgoingBytes === 0 || this.#error !== undefined) return;
    const release = this.#line.join();
    // A copy: the parts are their owners' again, and one packet holds many.
    this.#line.channel.write(Buffer.concat(this.#outgoing, this.#outgoingBytes));
    release();
    this.#outgoing = [];
    this.#outgoingBytes = 0;
  }

  #take(bytes: Buffer): void {
    this.#timer?.refresh();
    this.#incoming = this.#incoming.length === 0 ? bytes : Buffer.concat([this.#incoming, bytes]);
    let at = 0;
    try {
      while (this.#incoming.length - at >= 4) {
        const length = this.#incoming.readUInt32BE(at);
        if (length < 1 || length > MAX_PACKET_BYTES) throw new RangeError(`a packet of ${length} bytes`);
        if (this.#incoming.length - at - 4 < length) break;
        this.#settle(this.#incoming.subarray(at + 4, at + 4 + length));
        at += 4 + length;
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.fail(lineError(`${this.label}: no SFTP: ${error.message}`, error));
      return;
    }
    this.#incoming = this.#incoming.subarray(at);
    this.#watch();
  }

  #settle(packet: Buffer): void {
    const type = packet.readUInt8(0);
    if (type === REPLY.version) {
      this.#greeted(new Reply(type, packet.subarray(5)));
      return;
    }
    const id = packet.readUInt32BE(1);
    const pending = this.#pending.get(id);
    if (pending === undefined) throw new RangeError(`a reply to a request that was not made, ${id}`);
    this.#pending.delete(id);
    this.#inFlightBytes -= pending.bytes;
    pending.resolve(new Reply(type, packet.subarray(5)));
    if (pending.bytes > 0) this.#tellRoom();
  }

  #greeted(greeting: Reply): void {
    while (!greeting.isAtEnd) {
      this.#extensions.add(greeting.bytes().toString("latin1"));
      greeting.bytes();
    }
    this.#ready?.();
    this.#ready = undefined;
  }

  /** The time runs while an answer is owed. */
  #watch(): void {
    const owed = this.#pending.size > 0 || this.#ready !== undefined;
    if (!owed || this.#error !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.fail(lineError(`${this.label}: no answer for ${Math.round(this.#idleMs / 1000)} s`));
    }, this.#idleMs);
  }

  #tellRoom(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}
