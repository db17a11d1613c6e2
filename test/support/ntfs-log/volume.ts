import { ATTRIBUTE } from "../../../src/filesystem/ntfs/ids.ts";
import { applyUpdateSequence } from "../../../src/filesystem/ntfs/update-sequence.ts";
import { fixtureBytes } from "../fixture.ts";
import { NtfsImage } from "../ntfs-image.ts";
import { type Entry, LogBuilder, type LogOptions, type Tables } from "./builder.ts";
import type { OpenAttributeEntry } from "./tables.ts";

/** Where a structure lies that a log changes. */
export interface Target {
  readonly kind: "record" | "index" | "clusters";
  /** On the volume. */
  readonly offset: number;
  readonly lengthBytes: number;
  /** Ready to go into a record of the log. */
  readonly entry: Required<Pick<Entry, "attribute" | "vcn" | "lcns" | "clusterOffset">>;
  /** As it lies there, its update sequence undone. */
  readonly bytes: Buffer;
}

export const CLUSTER_BYTES = 4096;
const RECORD_BYTES = 1024;
const OLDER_PAGES = 3;
/** Places in the table of open attributes: 0x18, and each further by the length of an entry. */
export const OPEN = { mft: 0, index: 1, bitmap: 2, data: 3 } as const;
/** A directory with an index block, and a file with clusters. */
const DIRECTORY = "/links";
const DATA_FILE = "/data/plain";

/** The fixture whose log is written: an NTFS volume with clusters of 4 KiB that ntfs-3g has left with an empty log. */
export class LoggedVolume {
  readonly image = new NtfsImage("ntfs-facets");
  readonly logOffset: number;
  readonly logBytes: number;
  /** Where the blocks of the directory's index begin. */
  readonly #indexOffset: number;
  readonly #bitmapOffset: number;

  constructor() {
    const log = this.image.intact.content(2);
    this.logOffset = this.image.place(log, 0);
    this.logBytes = log.sizeBytes;
    const [index] = this.image.blocksWith("interix-fifo");
    if (index === undefined) throw new Error(`${DIRECTORY} has no index block`);
    this.#indexOffset = index;
    this.#bitmapOffset = this.image.place(this.image.intact.content(6), 0);
  }

  /** `entryBytes`: of the table. */
  attributes(entryBytes: number): Map<number, OpenAttributeEntry> {
    const entries: readonly OpenAttributeEntry[] = [
      { file: 0, type: ATTRIBUTE.data },
      { file: this.image.id(DIRECTORY), type: ATTRIBUTE.indexAllocation, name: "$I30", indexBlockBytes: 4096 },
      { file: 6, type: ATTRIBUTE.data },
      { file: this.image.id(DATA_FILE), type: ATTRIBUTE.data },
    ];
    return new Map(entries.map((entry, i) => [0x18 + i * entryBytes, entry]));
  }

  record(number: number): Target {
    const offset = this.image.record(number);
    const clusterOffset = offset % CLUSTER_BYTES;
    const vcn = Math.floor((number * RECORD_BYTES) / CLUSTER_BYTES);
    return this.#target(
      "record",
      offset,
      RECORD_BYTES,
      OPEN.mft,
      vcn,
      [(offset - clusterOffset) / CLUSTER_BYTES],
      clusterOffset,
    );
  }

  index(): Target {
    const offset = this.#indexOffset;
    const vcn = Number(this.image.bytes.readBigUInt64LE(offset + 16));
    return this.#target("index", offset, CLUSTER_BYTES, OPEN.index, vcn, [offset / CLUSTER_BYTES], 0);
  }

  bitmap(): Target {
    return this.#target("clusters", this.#bitmapOffset, CLUSTER_BYTES, OPEN.bitmap, 0, [this.#bitmapOffset / CLUSTER_BYTES], 0);
  }

  /** Some clusters of a file, as an attribute list or security descriptors would be written. */
  data(clusterCount = 1): Target {
    const offset = this.image.place(this.image.intact.content(this.image.id(DATA_FILE)), 0);
    const lcns = Array.from({ length: clusterCount }, (_, i) => offset / CLUSTER_BYTES + i);
    return this.#target("clusters", offset, clusterCount * CLUSTER_BYTES, OPEN.data, 0, lcns, 0);
  }

  /** Where an attribute begins in a record. */
  attributeOffset(number: number, type: number): number {
    return this.image.attribute(number, type) - this.image.record(number);
  }

  log(options: Partial<LogOptions> = {}, tables: Omit<Tables, "attributes"> = {}): LogBuilder {
    const builder = new LogBuilder({ logBytes: this.logBytes, ...options });
    // Pages of an earlier time, without which ntfsrecover does not begin.
    const { page } = builder.ring;
    while (builder.ring.page < page + OLDER_PAGES) builder.forget();
    builder.checkpoint({ attributes: this.attributes(options.is32Bit === true ? 0x2c : 0x28), ...tables });
    return builder;
  }

  /** The volume with that log in it. */
  withLog(log: Buffer): Buffer {
    const bytes = Buffer.from(fixtureBytes("ntfs-facets"));
    log.copy(bytes, this.logOffset);
    return bytes;
  }

  #target(
    kind: Target["kind"],
    offset: number,
    lengthBytes: number,
    open: number,
    vcn: number,
    lcns: readonly number[],
    clusterOffset: number,
  ): Target {
    const bytes = Buffer.from(this.image.bytes.subarray(offset, offset + lengthBytes));
    if (kind !== "clusters") applyUpdateSequence(new DataView(bytes.buffer, bytes.byteOffset, lengthBytes), 0, lengthBytes);
    return { kind, offset, lengthBytes, entry: { attribute: 0x18 + open * 0x28, vcn, lcns, clusterOffset }, bytes };
  }
}
