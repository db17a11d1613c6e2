import type { ChecksumAlgorithm, CompletedPart, S3Client, StorageClass } from "@aws-sdk/client-s3";
import { isMissing, s3Error } from "./s3-error.ts";
import type { ObjectHead } from "./s3-upload.ts";
import type { Sdk } from "./sdk.ts";

export interface S3Settings {
  readonly label: string;
  readonly bucket: string;
  readonly storageClass: string | undefined;
  /** In upper case, as the service names them. */
  readonly checksum: string | undefined;
}

const TIDY_MS = 10_000;

/** The requests of S3 as calls, each with the attempts of the SDK. Those that fail throw a `StoreError`. */
export class S3Calls {
  readonly #sdk: Sdk;
  readonly #client: S3Client;
  readonly #settings: S3Settings;
  readonly #abort = new AbortController();

  constructor(sdk: Sdk, client: S3Client, settings: S3Settings) {
    this.#sdk = sdk;
    this.#client = client;
    this.#settings = settings;
  }

  /** Whether the bucket is there and may be used. */
  async checkBucket(): Promise<void> {
    const { ListObjectsV2Command } = this.#sdk;
    await this.#trying(() =>
      this.#client.send(new ListObjectsV2Command({ Bucket: this.#settings.bucket, MaxKeys: 1 }), this.#signal),
    );
  }

  async put(object: ObjectHead & { readonly Body: Uint8Array }): Promise<void> {
    await this.#trying(() =>
      this.#client.send(new this.#sdk.PutObjectCommand({ ...this.#of(object), ...object }), this.#signal),
    );
  }

  async beginParts(head: ObjectHead): Promise<string> {
    const { CreateMultipartUploadCommand } = this.#sdk;
    const { UploadId } = await this.#trying(() =>
      this.#client.send(new CreateMultipartUploadCommand({ ...this.#of(head), ...head }), this.#signal),
    );
    return UploadId ?? "";
  }

  async putPart({ Key }: ObjectHead, UploadId: string, PartNumber: number, Body: Uint8Array): Promise<CompletedPart> {
    const { Bucket, ChecksumAlgorithm } = this.#of({ Key });
    const part = { Bucket, Key, UploadId, PartNumber, Body, ...(ChecksumAlgorithm === undefined ? {} : { ChecksumAlgorithm }) };
    const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 } = await this.#trying(() =>
      this.#client.send(new this.#sdk.UploadPartCommand(part), this.#signal),
    );
    return { PartNumber, ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 };
  }

  async completeParts({ Key }: ObjectHead, UploadId: string, Parts: CompletedPart[]): Promise<void> {
    const { CompleteMultipartUploadCommand } = this.#sdk;
    const { bucket: Bucket } = this.#settings;
    await this.#trying(() =>
      this.#client.send(
        new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
        this.#signal,
      ),
    );
  }

  /** Whatever else goes wrong, parts that nobody completes cost money: this is tried even after the end. */
  async abortParts({ Key }: ObjectHead, UploadId: string): Promise<void> {
    const { AbortMultipartUploadCommand } = this.#sdk;
    const abort = new AbortMultipartUploadCommand({ Bucket: this.#settings.bucket, Key, UploadId });
    await this.#client.send(abort, { abortSignal: AbortSignal.timeout(TIDY_MS) }).catch(() => undefined);
  }

  /** Undefined where there is no such object. */
  async head(Key: string | undefined) {
    const { HeadObjectCommand } = this.#sdk;
    try {
      const found = await this.#client.send(new HeadObjectCommand({ Bucket: this.#settings.bucket, Key }), this.#signal);
      return { sizeBytes: found.ContentLength ?? 0, metadata: found.Metadata ?? {} };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw s3Error(this.#settings.label, error);
    }
  }

  async *read(Key: string): AsyncGenerator<Uint8Array> {
    const { GetObjectCommand } = this.#sdk;
    const { Body } = await this.#trying(() =>
      this.#client.send(new GetObjectCommand({ Bucket: this.#settings.bucket, Key }), this.#signal),
    );
    if (Body === undefined || !(Symbol.asyncIterator in Body)) return;
    try {
      for await (const bytes of Body as AsyncIterable<Uint8Array>) yield bytes;
    } catch (error) {
      throw s3Error(this.#settings.label, error);
    }
  }

  close(): void {
    this.#abort.abort();
  }

  get #signal() {
    return { abortSignal: this.#abort.signal };
  }

  #of({ Key }: ObjectHead) {
    const { bucket, storageClass, checksum } = this.#settings;
    return {
      Bucket: bucket,
      Key,
      ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
      ...(checksum === undefined ? {} : { ChecksumAlgorithm: checksum as ChecksumAlgorithm }),
    };
  }

  async #trying<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw s3Error(this.#settings.label, error);
    }
  }
}
