import { nameToBytes } from "../../bytes/names.ts";
import type { Attributes, Store, Upload, UploadOptions } from "../remote/store.ts";
import type { Found, Keeps } from "../sink.ts";
import { metadataOf, timeFromSeconds } from "./metadata.ts";
import { partBytes } from "./part-sizes.ts";
import { S3Calls } from "./s3-calls.ts";
import { s3Error } from "./s3-error.ts";
import { S3Upload } from "./s3-upload.ts";
import { loadSdk } from "./sdk.ts";

export interface S3Options {
  /** How messages name the place: "s3://bucket/vm01/". */
  readonly label: string;
  readonly bucket: string;
  /** What all keys begin with; a "/" follows it where there is none. */
  readonly prefix: string;
  readonly endpoint?: string | undefined;
  readonly pathStyle?: boolean | undefined;
  readonly storageClass?: string | undefined;
  /** "crc32", "crc32c", "crc64nvme", "sha1", "sha256". Default: none but where the service requires one; others do not take all. */
  readonly checksum?: string | undefined;
  readonly retries?: number | undefined;
  readonly idleMs?: number | undefined;
}

const IDLE_MS = 60_000;
const RETRIES = 5;
const FILES_AT_ONCE = 4;
/** Objects with larger parts go one at a time, for the memory that their parts take. */
const LARGE_PART_BYTES = 8 * 1024 * 1024;
/** As rclone has links (rclone.org/local, --links): an object of that name, whose content is the target. */
const LINK_ENDING = ".rclonelink";

/** A bucket, or what is under a prefix in it: an object for each file, with the metadata that rclone gives it. */
export class S3Store implements Store {
  readonly label: string;
  readonly parallel = FILES_AT_ONCE;
  readonly #options: S3Options;
  #calls: S3Calls | undefined;
  #opening: Promise<S3Calls> | undefined;
  #largeTurn: Promise<void> = Promise.resolve();

  constructor(options: S3Options) {
    this.label = options.label;
    this.#options = options;
  }

  get keeps(): Keeps {
    return {
      ...{ name: true, stream: true, mode: true, owner: true, modified: true, accessed: true, created: true },
      ...{ nanoseconds: true, symlink: true },
      holes: "objects have none: they are sent as zeros",
      "hard link": "objects have one name: each is an object of its own",
      ...{ xattr: NOT_KEPT, acl: NOT_KEPT, flags: NOT_KEPT, fifo: NOT_KEPT, socket: NOT_KEPT, device: NOT_KEPT },
    };
  }

  holdsTime(): boolean {
    return true;
  }

  refuses(name: string): string | undefined {
    if (!name.isWellFormed()) return "S3 has no names that are no UTF-8";
    return /\p{Cc}/u.test(name) ? "S3 lists no names with control characters" : undefined;
  }

  async open(): Promise<void> {
    this.#opening ??= this.#begin();
    this.#calls = await this.#opening;
  }

  async look(path: string): Promise<Found | undefined> {
    const key = this.#key(path);
    for (const [kind, ending] of [
      ["file", ""],
      ["directory", "/"],
      ["symlink", LINK_ENDING],
    ] as const) {
      const found = await this.#open.head(key + ending);
      if (found === undefined) continue;
      const { sizeBytes, metadata } = found;
      const linkTarget = kind === "symlink" ? await this.#text(key + ending) : undefined;
      return { kind, sizeBytes, modifiedNs: timeFromSeconds(metadata["mtime"]), linkTarget, fileId: undefined };
    }
    return undefined;
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    await this.open();
    yield* this.#open.read(this.#key(path));
  }

  /** Keys need no folders; one that has attributes, or is empty, is written with them at the end. */
  async makeFolder(): Promise<"new"> {
    return "new";
  }

  async upload(path: string, { sizeBytes, attributes }: UploadOptions): Promise<Upload> {
    const head = { Key: this.#key(path), Metadata: metadataOf(attributes, "file") };
    const turn = partBytes(sizeBytes, 0) > LARGE_PART_BYTES ? await this.#turn() : () => undefined;
    return new S3Upload(this.#open, head, sizeBytes, turn);
  }

  async symlink(path: string, target: string, attributes: Attributes): Promise<void> {
    const Key = `${this.#key(path)}${LINK_ENDING}`;
    await this.#open.put({ Key, Metadata: metadataOf(attributes, "symlink"), Body: nameToBytes(target) });
  }

  async setAttributes(path: string, attributes: Attributes): Promise<void> {
    const Metadata = metadataOf(attributes, "directory");
    const ContentType = "application/x-directory";
    await this.#open.put({ Key: `${this.#key(path)}/`, Metadata, ContentType, Body: new Uint8Array() });
  }

  async close(): Promise<void> {
    this.#calls?.close();
  }

  get #open(): S3Calls {
    if (this.#calls === undefined) throw s3Error(this.label, new Error("it is not open"));
    return this.#calls;
  }

  #key(path: string): string {
    const { prefix } = this.#options;
    return prefix === "" || prefix.endsWith("/") ? prefix + path : `${prefix}/${path}`;
  }

  async #begin(): Promise<S3Calls> {
    const sdk = await loadSdk();
    const { label, bucket, endpoint, pathStyle = false, storageClass, checksum, retries = RETRIES } = this.#options;
    const { idleMs = IDLE_MS } = this.#options;
    const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
    // Of Amazon's own service the configuration says it; others do not mind, and the SDK wants one.
    const region = AWS_REGION ?? AWS_DEFAULT_REGION ?? (endpoint === undefined ? undefined : "us-east-1");
    const client = new sdk.S3Client({
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
      forcePathStyle: pathStyle,
      maxAttempts: retries + 1,
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: { connectionTimeout: idleMs, socketTimeout: idleMs },
    });
    const calls = new S3Calls(sdk, client, { label, bucket, storageClass, checksum: checksum?.toUpperCase() });
    await calls.checkBucket();
    return calls;
  }

  async #text(key: string): Promise<string> {
    const parts: Uint8Array[] = [];
    for await (const bytes of this.#open.read(key)) parts.push(bytes);
    return Buffer.concat(parts).toString();
  }

  /** Waits until no other large object is on its way; the function that is given says that this one is not any more. */
  async #turn(): Promise<() => void> {
    const before = this.#largeTurn;
    let done = (): void => undefined;
    this.#largeTurn = new Promise<void>((resolve) => {
      done = resolve;
    });
    await before;
    return done;
  }
}

const NOT_KEPT = "not kept in S3";
