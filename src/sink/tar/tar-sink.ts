import { createHash, type Hash } from "node:crypto";
import { nameToBytes } from "../../bytes/names.ts";
import { damageOf, faultOf, NomountError } from "../../error.ts";
import type { BlockSource, Extent } from "../../source/block-source.ts";
import { sliceExtent } from "../../source/mapped.ts";
import { resolve } from "../../source/resolve.ts";
import { BadRanges } from "../bad-ranges.ts";
import type { Out } from "../direct.ts";
import { sayRuleLosses } from "../losses.ts";
import { checkPath } from "../safe-path.ts";
import type { Entry, Keeps, Sink, SinkEvents, Wishes } from "../sink.ts";
import { attributeRecords, libarchiveRecords, timeRecords } from "./attributes.ts";
import { encodeHeader, type Member } from "./header.ts";
import { BLOCK_BYTES, type MemberType, RECORD_BYTES } from "./layout.ts";
import { paddingOf } from "./pax.ts";
import { SlabStream } from "./slabs.ts";
import { DataMap, sparseBlockPath, sparseRecords } from "./sparse.ts";

export interface TarOptions {
  /**
   * Also creation times and flags (immutable and the like), which bsdtar restores; GNU tar prints a warning for each member
   * that has them. Default false.
   */
  readonly libarchive?: boolean | undefined;
}

/** Extents of a file are kept between planning and writing up to so many; of a longer list they are asked for again. */
const KEPT_EXTENTS = 16_384;

/**
 * A tar stream in the pax format (POSIX.1-2017) with the additions that GNU tar and bsdtar share: SCHILY.xattr and
 * SCHILY.acl, and GNU sparse files 1.0. The same tree gives the same bytes.
 *
 * The size of a member stands ahead of it: when a part of a file turns out to be unreadable, zeros take its place and the
 * file is reported as failed, with the range. The stream is written to and not ended.
 */
export class TarSink implements Sink {
  readonly #slabs: SlabStream;
  readonly #withLibarchive: boolean;
  readonly #keeps: Keeps;
  #events: SinkEvents | undefined;
  #digests = false;

  constructor(out: Out, options: TarOptions = {}) {
    this.#slabs = new SlabStream(out);
    this.#withLibarchive = options.libarchive ?? false;
    this.#keeps = keepsOf(this.#withLibarchive);
  }

  async open(events: SinkEvents, { digests = false }: Wishes = {}): Promise<Keeps> {
    this.#events = events;
    this.#digests = digests;
    return this.#keeps;
  }

  add(entry: Entry, content: BlockSource | undefined): Promise<void> | void {
    let pieces: Iterator<void>;
    try {
      pieces = this.#begin(entry, content)[Symbol.iterator]();
    } catch (error) {
      this.#told.failed(entry.path, faultOf(damageOf(error)));
      return;
    }
    return this.#pourOut(pieces);
  }

  async finish(): Promise<void> {
    this.#slabs.zeros(2 * BLOCK_BYTES);
    this.#slabs.zeros((RECORD_BYTES - (this.#slabs.offsetBytes % RECORD_BYTES)) % RECORD_BYTES);
    await this.#slabs.finish();
  }

  abort(): Promise<void> {
    return this.#slabs.abort();
  }

  get #told(): SinkEvents {
    if (this.#events === undefined) throw new NomountError("usage", "a tar is opened before anything is added to it");
    return this.#events;
  }

  /** Writes the header; what it gives lays out the data, a slab at most at each step. */
  #begin(entry: Entry, content: BlockSource | undefined): Iterable<void> {
    const { path, node, hardLinkTo } = entry;
    if (path !== "") checkPath(path);
    if (hardLinkTo !== undefined) this.#bare(entry, "hard link");
    else if (node.kind === "file") return this.#file(entry, content);
    else if (node.kind === "socket") this.#told.omitted(path, "socket", NO_SOCKETS);
    else if (node.kind === "other") throw new NomountError("unsupported", "its kind is none that a tar can have");
    else this.#bare(entry, node.kind);
    return NOTHING;
  }

  #pourOut(pieces: Iterator<void>): Promise<void> | void {
    do {
      const wait = this.#slabs.room();
      if (wait !== undefined) return wait.then(() => this.#pourOut(pieces));
    } while (pieces.next().done !== true);
  }

  /** A member that is all in its header. */
  #bare(entry: Entry, type: MemberType): void {
    this.#slabs.bytes(encodeHeader(this.#member(entry, type)));
    this.#slabs.whenWritten(() => this.#done(entry));
  }

  #member(entry: Entry, type: MemberType): Member {
    const { path, node, linkTarget, hardLinkTo, xattrs } = entry;
    const isLink = type === "hard link";
    const target = isLink ? hardLinkTo : linkTarget;
    const lost: Parameters<typeof attributeRecords>[1] = (facet, why) => this.#told.lost(path, facet, why);
    return {
      type,
      path: nameToBytes(type === "directory" ? (path === "" ? "./" : `${path}/`) : path),
      linkPath: target === undefined ? undefined : nameToBytes(target),
      mode: node.mode ?? (type === "directory" ? DEFAULT_DIRECTORY_MODE : DEFAULT_MODE),
      uid: node.uid ?? 0,
      gid: node.gid ?? 0,
      sizeBytes: 0,
      modifiedNs: node.modifiedNs ?? 0n,
      device: node.device,
      records: isLink
        ? []
        : [...timeRecords(node), ...attributeRecords(xattrs, lost), ...(this.#withLibarchive ? libarchiveRecords(node) : [])],
    };
  }

  #file(entry: Entry, content: BlockSource | undefined): Iterable<void> {
    if (content === undefined) throw new NomountError("usage", "a file came without its content");
    const map = new DataMap();
    let kept: Extent[] | undefined = [];
    for (const extent of resolve(content)) {
      map.add(extent);
      if (kept !== undefined && kept.push(extent) > KEPT_EXTENTS) kept = undefined;
    }
    this.#fileHeader(entry, content.sizeBytes, map);
    return this.#fileData(entry, content.sizeBytes, map, kept ?? resolve(content));
  }

  #fileHeader(entry: Entry, sizeBytes: number, map: DataMap): void {
    const member = this.#member(entry, "file");
    if (!map.isSparse) {
      this.#slabs.bytes(encodeHeader({ ...member, sizeBytes }));
      return;
    }
    const encodedMap = map.encode(sizeBytes);
    this.#slabs.bytes(
      encodeHeader({
        ...member,
        path: sparseBlockPath(member.path),
        sizeBytes: encodedMap.length + map.storedBytes,
        records: [...member.records, ...sparseRecords(member.path, sizeBytes)],
      }),
    );
    this.#slabs.bytes(encodedMap);
  }

  *#fileData(entry: Entry, sizeBytes: number, map: DataMap, extents: Iterable<Extent>): Generator<void> {
    const bad = new BadRanges();
    const hash = this.#digests ? createHash("sha256") : undefined;
    const promisedBytes = map.isSparse ? map.storedBytes : sizeBytes;
    let at = 0;
    let writtenBytes = 0;
    try {
      for (const extent of extents) {
        if (map.isSparse && extent.kind === "hole") {
          this.#slabs.hole(extent.lengthBytes, hash);
          at += extent.lengthBytes;
          continue;
        }
        for (let skip = 0; skip < extent.lengthBytes; ) {
          const length = this.#slabs.extent(sliceExtent(extent, skip, extent.lengthBytes - skip), at, bad, hash);
          skip += length;
          at += length;
          writtenBytes += length;
          this.#slabs.whenWritten(() => this.#told.progress(length));
          yield;
        }
      }
    } catch (error) {
      bad.add(at, sizeBytes - at, faultOf(damageOf(error)));
      for (; writtenBytes < promisedBytes; yield) {
        const length = Math.min(BLOCK_BYTES, promisedBytes - writtenBytes);
        this.#slabs.zeros(length);
        writtenBytes += length;
      }
    }
    this.#slabs.zeros(paddingOf(promisedBytes));
    this.#slabs.whenWritten(() => {
      this.#told.progress(sizeBytes - writtenBytes);
      const fault = bad.fault();
      if (fault === undefined) this.#done(entry, hash);
      else this.#told.failed(entry.path, { ...fault, message: `${fault.message}; zeros stand in their place` });
    });
  }

  #done(entry: Entry, hash?: Hash): void {
    this.#told.done(entry, hash?.digest("hex"));
    if (entry.hardLinkTo === undefined) sayRuleLosses(entry, this.#keeps, this.#told);
  }
}

const NOTHING: readonly undefined[] = [];
const NO_SOCKETS = "tar has no sockets";
const DEFAULT_MODE = 0o644;
const DEFAULT_DIRECTORY_MODE = 0o755;

function keepsOf(withLibarchive: boolean): Keeps {
  const withOption = withLibarchive || "GNU tar does not know it";
  return {
    name: true,
    mode: true,
    owner: true,
    modified: true,
    accessed: true,
    created: withOption,
    nanoseconds: true,
    symlink: true,
    "hard link": true,
    fifo: true,
    socket: NO_SOCKETS,
    device: true,
    xattr: true,
    acl: true,
    stream: true,
    flags: withOption,
    holes: true,
  };
}
