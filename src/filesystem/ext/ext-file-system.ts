import { nameFromBytes } from "../../bytes/names.ts";
import { damageOf, NomountError } from "../../error.ts";
import type { BlockSource, Extent } from "../../source/block-source.ts";
import { CachedSource } from "../../source/cached.ts";
import { MappedSource } from "../../source/mapped.ts";
import type { Damaged, FileSystem, Space, State } from "../file-system.ts";
import type { DirectoryEntry, Node, NodeId, StreamInfo, Xattr } from "../node.ts";
import { foldName } from "./casefold.ts";
import { type Encryption, listDirectory } from "./directory.ts";
import { directoryHash } from "./directory-hash.ts";
import { Ext2fs } from "./ext2fs.ts";
import { FLAG, type InodeBody } from "./inode.ts";
import { InodeTable } from "./inode-table.ts";
import type { Recovery } from "./journal/recover.ts";
import { FileMapping } from "./mapping.ts";
import { noKeyName } from "./no-key-name.ts";
import { detailsOf, stateOf } from "./state.ts";
import type { Superblock } from "./superblock.ts";
import { decodeXattrs, mayHaveXattrs } from "./xattrs.ts";

const ROOT_INODE = 2;
const NO_XATTRS: readonly Xattr[] = [];
/** Of directories, and of names in them all, that are kept for the next lookup: some tens of megabytes. */
const MAX_KEPT_DIRECTORIES = 64;
const MAX_KEPT_NAMES = 200_000;
/** Room for a symlink's target in the inode; the kernel ends what lies there with a NUL. */
const SHORT_LINK_BYTES = 60;
/** Longer than any kernel makes them: a block. */
const MAX_LINK_BYTES = 65536;
/** In the first block of an indexed directory (`struct dx_root` in directory.rst). */
const HASH_VERSION_OFFSET_BYTES = 28;

interface Names {
  /** The form in which names are compared there. */
  readonly fold: (name: string) => string;
  readonly entries: ReadonlyMap<string, DirectoryEntry>;
  /** The first that was found: a name that is not there may have been lost with it. */
  readonly damage: NomountError | undefined;
}

/** ext2, ext3 or ext4 over a source: metadata by libext2fs, content by extents. */
export class ExtFileSystem implements FileSystem {
  readonly type: string;
  readonly label: string;
  readonly uuid: string;
  readonly root = ROOT_INODE;
  readonly space: Space;
  readonly state: State;
  readonly details: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly foldsCase: boolean;
  readonly #superblock: Superblock;
  readonly #recovery: Recovery;
  readonly #source: BlockSource;
  readonly #cache: CachedSource;
  readonly #library: Ext2fs;
  readonly #inodes: InodeTable;
  /** Of directories that were asked for names, the last used at the end: paths that are looked up share most of theirs. */
  readonly #names = new Map<NodeId, Names>();

  constructor(module: WebAssembly.Module, recovery: Recovery) {
    const { superblock, source } = recovery;
    this.#recovery = recovery;
    this.type = superblock.type;
    this.label = superblock.label;
    this.uuid = superblock.uuid;
    this.space = {
      sizeBytes: superblock.blockCount * superblock.blockBytes,
      freeBytes: superblock.freeBlockCount * superblock.blockBytes,
      allocationUnitBytes: superblock.clusterBytes,
    };
    this.state = stateOf(superblock, source, recovery.journal);
    this.details = detailsOf(superblock);
    this.foldsCase = superblock.features.names.has("casefold");
    this.#superblock = superblock;
    this.#source = source;
    this.#cache = new CachedSource(source);
    this.#library = new Ext2fs(module, this.#cache, superblock.type);
    this.#library.open();
    this.#inodes = new InodeTable(this.#library, {
      type: superblock.type,
      label: source.label,
      inodeBytes: superblock.inodeBytes,
      inodeCount: superblock.inodeCount,
      inodesPerGroup: superblock.inodesPerGroup,
      largeDirectories: superblock.features.names.has("large_dir"),
    });
  }

  node(id: NodeId): Node {
    // Those below belong to the filesystem itself: journal, resize inode, quota files.
    if (id !== ROOT_INODE && id < this.#superblock.firstFreeInode) {
      throw this.#inodes.error(id, `expected the root or an inode from ${this.#superblock.firstFreeInode} on`);
    }
    const node = this.#inodes.node(id);
    if (node.linkCount === 0) throw this.#inodes.error(id, "it is deleted, though a name leads to it");
    return node.kind === "symlink" && node.flags.includes("encrypted") ? this.#shownLink(node) : node;
  }

  list(directory: NodeId, damaged: Damaged): Iterable<DirectoryEntry> {
    return listDirectory(this.#library, this.#inodes.raw(directory), this.#encryptionOf(directory), damaged);
  }

  lookup(directory: NodeId, name: string): DirectoryEntry | undefined {
    const { entries, damage, fold } = this.#namesOf(directory);
    const found = entries.get(fold(name));
    if (found === undefined && damage !== undefined) throw damage;
    return found;
  }

  linkTarget(link: NodeId): string {
    const node = this.#inodes.node(link);
    if (node.kind !== "symlink") throw this.#wrongKind(node, "a symlink");
    return this.#targetOf(node);
  }

  xattrs(id: NodeId): readonly Xattr[] {
    const inode = this.#inodes.raw(id);
    return mayHaveXattrs(inode.bytes) ? decodeXattrs(this.#library.xattrs(inode).bytes) : NO_XATTRS;
  }

  streams(): readonly StreamInfo[] {
    return [];
  }

  content(file: NodeId, stream?: string): BlockSource {
    if (stream !== undefined) {
      throw new NomountError("path", `${this.type}: inode ${file} has no stream ${stream}: there are none in this format`, {
        where: { label: this.#source.label },
      });
    }
    const node = this.node(file);
    if (node.kind !== "file") throw this.#wrongKind(node, "a file");
    const body = this.#inodes.body(file);
    if ((body.flagBits & FLAG.encrypted) !== 0) {
      throw new NomountError(
        "unsupported",
        `${this.type}: inode ${file} is encrypted: its content cannot be read without the key`,
        {
          where: { label: this.#source.label },
        },
      );
    }
    return this.#contentOf(node, body);
  }

  close(): void {
    this.#library.close();
    this.#inodes.clear();
    this.#names.clear();
    this.#cache.close();
    this.#recovery.close();
  }

  #contentOf(node: Node, body: InodeBody): BlockSource {
    const label = `${this.#source.label} inode ${node.id}`;
    if ((body.flagBits & FLAG.inlineData) !== 0) {
      const bytes = this.#library.inlineData(this.#inodes.raw(node.id));
      return new MappedSource(label, node.sizeBytes, (offsetBytes, lengthBytes) =>
        inlineExtents(bytes, offsetBytes, lengthBytes),
      );
    }
    const mapping = new FileMapping(this.#library, this.#source, this.#inodes.raw(node.id), this.#superblock.blockBytes);
    return new MappedSource(label, node.sizeBytes, (offsetBytes, lengthBytes) => mapping.extents(offsetBytes, lengthBytes));
  }

  #namesOf(directory: NodeId): Names {
    const names = this.#names.get(directory) ?? this.#readNames(directory);
    this.#names.delete(directory);
    this.#names.set(directory, names);
    let kept = 0;
    for (const { entries } of this.#names.values()) kept += entries.size;
    for (const [oldest, { entries }] of this.#names) {
      if (this.#names.size <= MAX_KEPT_DIRECTORIES && (kept <= MAX_KEPT_NAMES || oldest === directory)) break;
      this.#names.delete(oldest);
      kept -= entries.size;
    }
    return names;
  }

  #readNames(directory: NodeId): Names {
    const folds = this.foldsCase && (this.#inodes.flagBits(directory) & FLAG.casefold) !== 0;
    const fold = folds ? foldName : (name: string) => name;
    const entries = new Map<string, DirectoryEntry>();
    let damage: NomountError | undefined;
    const all = this.list(directory, (error) => {
      damage ??= error;
    });
    for (const entry of all) {
      const key = fold(entry.name);
      if (!entries.has(key)) entries.set(key, entry);
    }
    return { fold, entries, damage };
  }

  /** Of an encrypted link the kernel tells the length of what it shows. */
  #shownLink(node: Node): Node {
    try {
      return this.#inodes.node(node.id, this.#targetOf(node).length);
    } catch (error) {
      // The node is there all the same; who asks for the target gets the reason.
      damageOf(error);
      return node;
    }
  }

  #targetOf(node: Node): string {
    const body = this.#inodes.body(node.id);
    const bytes = this.#linkBytes(node, body);
    if ((body.flagBits & FLAG.encrypted) === 0) return nameFromBytes(untilNul(bytes));
    const length = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
    if (length === 0 || length + 2 > bytes.length) {
      throw this.#inodes.error(node.id, `encrypted symlink: expected 1 to ${bytes.length - 2} bytes, found ${length}`);
    }
    return noKeyName(bytes.subarray(2, 2 + length), [0, 0]);
  }

  #linkBytes(node: Node, body: InodeBody): Uint8Array {
    const { sizeBytes } = node;
    if (sizeBytes === 0 || sizeBytes > MAX_LINK_BYTES) {
      throw this.#inodes.error(node.id, `symlink: expected a target of 1 to ${MAX_LINK_BYTES} bytes, found ${sizeBytes}`);
    }
    if (this.#isShortLink(node, body)) {
      if (sizeBytes >= SHORT_LINK_BYTES) {
        throw this.#inodes.error(node.id, `symlink: expected a target below ${SHORT_LINK_BYTES} bytes, found ${sizeBytes}`);
      }
      return body.block.subarray(0, sizeBytes);
    }
    const bytes = new Uint8Array(sizeBytes);
    this.#contentOf(node, body).readSync(bytes, 0);
    return bytes;
  }

  /** The kernel's rule (ext4_inode_is_fast_symlink): without blocks of its own the target lies in the inode. */
  #isShortLink(node: Node, body: InodeBody): boolean {
    const { features, clusterBytes } = this.#superblock;
    if (features.names.has("ea_inode")) return node.sizeBytes < SHORT_LINK_BYTES;
    if ((body.flagBits & FLAG.inlineData) !== 0) return false;
    return body.spaceUnits === (body.hasXattrBlock ? clusterBytes / 512 : 0);
  }

  /** The hashes that the kernel puts into names without a key are those of the index, if it reads by the index. */
  #encryptionOf(directory: NodeId): Encryption | undefined {
    const flagBits = this.#inodes.flagBits(directory);
    if ((flagBits & FLAG.encrypted) === 0) return undefined;
    const { features, blockBytes, hashSeed, hashUnsigned, defaultHashVersion } = this.#superblock;
    const indexed = (flagBits & FLAG.index) !== 0;
    const inline = (flagBits & FLAG.inlineData) !== 0;
    const usesIndex =
      features.names.has("dir_index") && (indexed || inline || this.#inodes.node(directory).sizeBytes === blockBytes);
    if (!usesIndex) return { hash: undefined };
    const version = indexed ? this.#hashVersionOf(directory) : defaultHashVersion;
    return { hash: directoryHash(version, hashSeed, hashUnsigned) };
  }

  #hashVersionOf(directory: NodeId): number {
    const { blockBytes } = this.#superblock;
    const byte = new Uint8Array(1);
    const mapping = new FileMapping(this.#library, this.#source, this.#inodes.raw(directory), blockBytes);
    new MappedSource(this.#source.label, blockBytes, (offsetBytes, lengthBytes) =>
      mapping.extents(offsetBytes, lengthBytes),
    ).readSync(byte, HASH_VERSION_OFFSET_BYTES);
    return byte[0] ?? 0;
  }

  #wrongKind(node: Node, wanted: string): NomountError {
    return new NomountError("path", `${this.type}: inode ${node.id} is not ${wanted} but a ${node.kind}`, {
      where: { label: this.#source.label },
    });
  }
}

/** What of the content lies in the inode, and zeros after it. */
function* inlineExtents(bytes: Uint8Array, offsetBytes: number, lengthBytes: number): Generator<Extent> {
  const part = bytes.subarray(offsetBytes, offsetBytes + lengthBytes);
  if (part.length > 0) yield { kind: "inline", lengthBytes: part.length, bytes: part };
  if (part.length < lengthBytes) yield { kind: "hole", lengthBytes: lengthBytes - part.length };
}

/** The kernel takes a target for a string of C. */
function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
}
