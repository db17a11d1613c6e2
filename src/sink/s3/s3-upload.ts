import type { CompletedPart, PutObjectCommandInput } from "@aws-sdk/client-s3";
import type { Upload } from "../remote/store.ts";
import { entryError } from "../remote/store-error.ts";
import { MAX_PARTS, partBytes } from "./part-sizes.ts";
import type { S3Calls } from "./s3-calls.ts";

/** So much of one object may be on its way, beside the part that is filled; but always one part. */
const IN_FLIGHT_BYTES = 16 * 1024 * 1024;

/** What an object has besides its bytes. */
export type ObjectHead = Pick<PutObjectCommandInput, "Key" | "Metadata" | "ContentType">;

/** An object: put whole when it is small, else in parts, which are an object only when they are completed. */
export class S3Upload implements Upload {
  /** There is no going on with an object: it is sent anew. */
  readonly arrivedBytes = 0;
  readonly #calls: S3Calls;
  readonly #head: ObjectHead;
  readonly #sizeBytes: number | undefined;
  readonly #ended: () => void;
  #part: Uint8Array;
  #used = 0;
  #sentBytes = 0;
  #uploadId: string | undefined;
  readonly #parts: CompletedPart[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #partCount = 0;
  #error: unknown;
  #isOver = false;

  constructor(calls: S3Calls, head: ObjectHead, sizeBytes: number | undefined, ended: () => void) {
    this.#calls = calls;
    this.#head = head;
    this.#sizeBytes = sizeBytes;
    this.#ended = ended;
    this.#part = this.#emptyPart();
  }

  async write(bytes: Uint8Array, offsetBytes: number): Promise<void> {
    while (this.#sentBytes + this.#used < offsetBytes) {
      const zeros = Math.min(this.#part.length - this.#used, offsetBytes - this.#sentBytes - this.#used);
      this.#part.fill(0, this.#used, this.#used + zeros);
      await this.#take(zeros);
    }
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + this.#part.length - this.#used);
      this.#part.set(piece, this.#used);
      at += piece.length;
      await this.#take(piece.length);
    }
  }

  async finish(sizeBytes: number): Promise<void> {
    await this.write(new Uint8Array(), sizeBytes);
    if (this.#uploadId !== undefined && this.#used > 0) await this.#sendPart();
    await Promise.all(this.#inFlight);
    if (this.#error !== undefined) throw this.#error;
  }

  /** The service keeps nothing that is not whole: it checks the parts, and the size is asked for afterwards. */
  async publish(): Promise<void> {
    const body = this.#part.subarray(0, this.#used);
    if (this.#uploadId === undefined) await this.#calls.put({ ...this.#head, Body: body });
    else
      await this.#calls.completeParts(
        this.#head,
        this.#uploadId,
        this.#parts.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0)),
      );
    const wholeBytes = this.#uploadId === undefined ? body.length : this.#sentBytes;
    this.#uploadId = undefined;
    this.#end();
    const { sizeBytes } = (await this.#calls.head(this.#head.Key)) ?? {};
    if (sizeBytes !== wholeBytes) throw entryError(`${sizeBytes ?? 0} bytes have arrived, where ${wholeBytes} were sent`);
  }

  async discard(): Promise<void> {
    this.#end();
    const uploadId = this.#uploadId;
    this.#uploadId = undefined;
    await Promise.allSettled(this.#inFlight);
    if (uploadId !== undefined) await this.#calls.abortParts(this.#head, uploadId);
  }

  async #take(lengthBytes: number): Promise<void> {
    this.#used += lengthBytes;
    if (this.#used < this.#part.length) return;
    // The only part of a file that fits in it is put when all is known to be well.
    if (this.#sizeBytes !== undefined && this.#sentBytes + this.#used === this.#sizeBytes && this.#partCount === 0) return;
    await this.#sendPart();
  }

  async #sendPart(): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    this.#uploadId ??= await this.#calls.beginParts(this.#head);
    const body = this.#part.subarray(0, this.#used);
    const uploadId = this.#uploadId;
    this.#partCount += 1;
    this.#sentBytes += this.#used;
    const partNumber = this.#partCount;
    if (partNumber > MAX_PARTS) throw entryError(`it has more than ${MAX_PARTS} parts`);
    this.#part = this.#emptyPart();
    this.#used = 0;
    const sent = this.#calls
      .putPart(this.#head, uploadId, partNumber, body)
      .then(
        (part) => void this.#parts.push(part),
        (error: unknown) => {
          this.#error ??= error;
        },
      )
      .then(() => void this.#inFlight.delete(sent));
    this.#inFlight.add(sent);
    const most = Math.max(1, Math.floor(IN_FLIGHT_BYTES / body.length));
    while (this.#inFlight.size >= most) await Promise.race(this.#inFlight);
  }

  #emptyPart(): Uint8Array {
    const restBytes = this.#sizeBytes === undefined ? Number.POSITIVE_INFINITY : Math.max(1, this.#sizeBytes - this.#sentBytes);
    return Buffer.allocUnsafeSlow(Math.min(restBytes, partBytes(this.#sizeBytes, this.#partCount)));
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended();
  }
}
