import { createHash } from "node:crypto";
import type { Writable } from "node:stream";
import { crc32, deflateRaw } from "node:zlib";
import { nameToBytes } from "../../bytes/names.ts";
import { damageOf, type Fault, faultOf, NomountError } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { ExtentReader } from "../../source/extent-reader.ts";
import { BadRanges } from "../bad-ranges.ts";
import { deflatePiece, EMPTY_LAST_BLOCK } from "../compress/gzip.ts";
import { sayRuleLosses } from "../losses.ts";
import { checkPath } from "../safe-path.ts";
import type { Entry, Facet, Keeps, Sink, SinkEvents, Wishes } from "../sink.ts";
import { crcOverZeroPiece, PIECE_BYTES, piecesOf, wholeOf, ZERO_PIECE } from "./content.ts";
import { CentralDirectory } from "./directory.ts";
import { METHOD } from "./layout.ts";
import { checkLength, Member, type Sizes } from "./member.ts";
import { OrderedOutput } from "./ordered-output.ts";

/** Deflate makes what it cannot compress this much larger at most; a file that may so pass 4 GiB gets 64-bit sizes. */
const MAX_GROWTH = 1.001;

/**
 * A zip stream with 64-bit sizes where they are needed, for programs and people that know no tar. Small files have their sizes
 * in front; those of larger ones follow the data, so that nothing is ever read twice. The same tree gives the same bytes.
 *
 * When a part of a file turns out to be unreadable, zeros take its place and the file is reported as failed, with the range.
 * The stream is written to and not ended.
 */
export class ZipSink implements Sink {
  readonly #output: OrderedOutput;
  readonly #directory = new CentralDirectory();
  readonly #reader = new ExtentReader();
  #events: SinkEvents | undefined;
  #digests = false;

  constructor(out: Writable) {
    this.#output = new OrderedOutput(out);
  }

  async open(events: SinkEvents, wishes: Wishes = {}): Promise<Keeps> {
    this.#events = events;
    this.#digests = wishes.digests ?? false;
    return KEEPS;
  }

  add(entry: Entry, content: BlockSource | undefined): Promise<void> | undefined {
    this.#output.throwIfFailed();
    try {
      this.#begin(entry, content);
    } catch (error) {
      this.#told.failed(entry.path, faultOf(damageOf(error)));
    }
    return this.#output.room();
  }

  async finish(): Promise<void> {
    await this.#output.drain();
    for (const bytes of this.#directory.encode(this.#output.offsetBytes)) await this.#output.write(bytes.slice());
    await this.#output.finish();
    this.#directory.close();
  }

  async abort(): Promise<void> {
    await this.#output.abort();
    this.#directory.close();
  }

  get #told(): SinkEvents {
    if (this.#events === undefined) throw new NomountError("usage", "a zip is opened before anything is added to it");
    return this.#events;
  }

  #begin(entry: Entry, content: BlockSource | undefined): void {
    const { path, node } = entry;
    const told = this.#told;
    if (path === "") {
      told.done(entry);
      return;
    }
    checkPath(path);
    checkLength(path);
    if (node.kind === "directory") this.#bare(entry, "directory", new Uint8Array());
    else if (node.kind === "symlink") this.#bare(entry, "symlink", nameToBytes(entry.linkTarget ?? ""));
    else if (node.kind === "file") this.#file(entry, content);
    else if (node.kind === "other") throw new NomountError("unsupported", "its kind is none that a zip can have");
    else told.omitted(path, node.kind === "fifo" || node.kind === "socket" ? node.kind : "device", NO_SPECIAL);
  }

  #bare(entry: Entry, kind: "directory" | "symlink", data: Uint8Array): void {
    const sizes = { crc32: crc32(data), compressedBytes: data.length, sizeBytes: data.length };
    const member = new Member(entry, kind, { method: METHOD.stored, maxBytes: data.length, sizesFollow: false });
    this.#output.inTurn(data.length, async (turn) => {
      await turn;
      const startBytes = this.#output.offsetBytes;
      await this.#output.write(Buffer.concat([member.localHeader(sizes), data]));
      this.#done(entry, member.centralHeader(sizes, startBytes), undefined, undefined);
    });
  }

  #file(entry: Entry, content: BlockSource | undefined): void {
    if (content === undefined) throw new NomountError("usage", "a file came without its content");
    if (content.sizeBytes <= PIECE_BYTES) this.#smallFile(entry, content);
    else this.#largeFile(entry, content);
  }

  /** Read and compressed ahead of its turn. */
  #smallFile(entry: Entry, content: BlockSource): void {
    const { sizeBytes } = content;
    this.#output.inTurn(sizeBytes, async (turn) => {
      const bad = new BadRanges();
      const bytes = await wholeOf(content, this.#reader, bad, this.#output.signal);
      const deflated = sizeBytes === 0 ? bytes : await deflate(bytes);
      const isSmaller = deflated.length < sizeBytes;
      const data = isSmaller ? deflated : bytes;
      const method = isSmaller ? METHOD.deflated : METHOD.stored;
      const member = new Member(entry, "file", { method, maxBytes: sizeBytes, sizesFollow: false });
      const sizes = { crc32: crc32(bytes), compressedBytes: data.length, sizeBytes };
      const sha256 = this.#digests ? createHash("sha256").update(bytes).digest("hex") : undefined;
      await turn;
      const startBytes = this.#output.offsetBytes;
      await this.#output.write(Buffer.concat([member.localHeader(sizes), data]));
      this.#told.progress(sizeBytes);
      this.#done(entry, member.centralHeader(sizes, startBytes), bad.fault(), sha256);
    });
  }

  /** Compressed in pieces while it is written. */
  #largeFile(entry: Entry, content: BlockSource): void {
    const { sizeBytes } = content;
    const maxBytes = sizeBytes * MAX_GROWTH;
    const member = new Member(entry, "file", { method: METHOD.deflated, maxBytes, sizesFollow: true });
    this.#output.inTurn(PIECE_BYTES, async (turn) => {
      await turn;
      const bad = new BadRanges();
      const hash = this.#digests ? createHash("sha256") : undefined;
      const startBytes = this.#output.offsetBytes;
      await this.#output.write(member.localHeader(undefined));
      const dataBytes = this.#output.offsetBytes;
      let checksum = 0;
      let before: Uint8Array | undefined;
      for await (const piece of piecesOf(content, bad, this.#output.signal)) {
        checksum = piece === ZERO_PIECE ? crcOverZeroPiece(checksum) : crc32(piece, checksum);
        hash?.update(piece);
        const deflated = piece === ZERO_PIECE ? zeroPiece() : deflatePiece(piece, before);
        before = piece;
        await this.#output.append(deflated, () => this.#told.progress(piece.length));
      }
      await this.#output.append(Promise.resolve(EMPTY_LAST_BLOCK));
      await this.#output.appended();
      const sizes: Sizes = { crc32: checksum, compressedBytes: this.#output.offsetBytes - dataBytes, sizeBytes };
      await this.#output.write(member.descriptor(sizes));
      this.#done(entry, member.centralHeader(sizes, startBytes), bad.fault(), hash?.digest("hex"));
    });
  }

  #done(entry: Entry, header: Uint8Array, fault: Fault | undefined, sha256: string | undefined): void {
    const told = this.#told;
    this.#directory.add(header);
    if (fault !== undefined) {
      told.failed(entry.path, { ...fault, message: `${fault.message}; zeros stand in their place` });
      return;
    }
    told.done(entry, sha256);
    sayRuleLosses(entry, KEEPS, told);
    const lost = (facet: Facet, why: string): void => told.lost(entry.path, facet, why);
    for (const { name } of entry.xattrs) lost(name.startsWith("system.posix_acl_") ? "acl" : "xattr", String(KEEPS.xattr));
    if (!entry.path.isWellFormed())
      lost("name", "its bytes are no UTF-8, and programs take such a name in a zip each in its way");
  }
}

/** Each on its own, so that a file of nothing else is written at once. */
let deflatedZeros: Promise<Uint8Array> | undefined;
function zeroPiece(): Promise<Uint8Array> {
  deflatedZeros ??= deflatePiece(ZERO_PIECE, undefined);
  return deflatedZeros;
}

function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    deflateRaw(bytes, (error, deflated) => (error === null ? resolve(deflated) : reject(error)));
  });
}

const NO_SPECIAL = "a zip has files, folders and symbolic links only";

const KEEPS: Keeps = {
  name: true,
  mode: true,
  owner: true,
  modified: true,
  accessed: true,
  created: true,
  nanoseconds: "a zip counts in 100 ns, and most programs in whole seconds",
  symlink: true,
  "hard link": "a zip has none: each name is a file of its own",
  fifo: NO_SPECIAL,
  socket: NO_SPECIAL,
  device: NO_SPECIAL,
  xattr: "a zip has no extended attributes",
  acl: "a zip has no extended attributes",
  stream: true,
  flags: "a zip has no such flags",
  holes: "a zip has no holes: they are zeros, which take next to no room in it",
};
