import type { Fault, NomountError } from "../error.ts";
import type { BlockSource } from "../source/block-source.ts";
import type { DirectoryEntry, Node, NodeId, StreamInfo, Xattr } from "./node.ts";

/** Takes what was found damaged while the rest still comes. */
export type Damaged = (error: NomountError) => void;

/** A filesystem opened read-only over a source. All calls are synchronous: they read metadata, never file data. */
export interface FileSystem {
  /** "ext2", "ext3", "ext4", "ntfs". */
  readonly type: string;
  /** The volume name, or "". */
  readonly label: string;
  /** As the format's own tools print it. */
  readonly uuid: string;
  readonly root: NodeId;
  readonly space: Space;
  readonly state: State;
  /** What a person may want to know of this volume: block size, features, version ... in words of the format. */
  readonly details: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** Whether `lookup` takes names that differ in case for the same: NTFS, and some directories of ext4. */
  readonly foldsCase: boolean;

  node(id: NodeId): Node;
  /** On-disk order, lazy. A generator that throws is finished, so damage goes to the callback and the rest still comes. */
  list(directory: NodeId, damaged: Damaged): Iterable<DirectoryEntry>;
  /** One name in a directory as the guest's kernel would find it, or undefined. */
  lookup(directory: NodeId, name: string): DirectoryEntry | undefined;
  /** The target, verbatim; of a junction what Windows shows. */
  linkTarget(link: NodeId): string;
  xattrs(id: NodeId): readonly Xattr[];
  /** Named streams; empty where the format has none. */
  streams(id: NodeId): readonly StreamInfo[];
  /** The main content or a named stream, as a source: so a disk image in a file opens like any other. */
  content(file: NodeId, stream?: string): BlockSource;
  close(): void;
}

export interface Space {
  readonly sizeBytes: number;
  readonly freeBytes: number;
  readonly allocationUnitBytes: number;
}

/** Whether the filesystem was left in order, and why not: "clean", or the reasons in words of the format. */
export interface State {
  readonly clean: boolean;
  /** One line for every command to print, or undefined: "journal needs recovery: the newest changes are only in it". */
  readonly warning: string | undefined;
  /** Absent where the volume has no journal. */
  readonly journal?: JournalState;
}

/** What a volume's journal (or log) held beyond the volume itself, and what became of it. */
export interface JournalState {
  /** It holds changes that the volume lacks, or the volume was left in the middle of one. */
  readonly dirty: boolean;
  /** What is shown has these changes in it; nothing was written anywhere. */
  readonly replayed: boolean;
  /** How many whole transactions were replayed; undefined where the journal was not replayed or could not be. */
  readonly transactions: number | undefined;
  /** How many blocks of the volume they change; undefined as above. */
  readonly blocks: number | undefined;
  /** For people, on one line: "clean", "dirty, 3 transactions, 118 blocks; replayed in memory", "dirty; not replayed". */
  readonly summary: string;
  /**
   * Why the replay ended before the journal did, or did not begin, where it is damaged: then the guest's own kernel would not
   * mount the volume, and what is shown is what its attempt would leave on the disk.
   */
  readonly stopped: Fault | undefined;
}

export interface OpenOptions {
  /** Whether to show what the guest would see after its recovery, or else the volume as it lies. Default: true. */
  readonly replay?: boolean;
  /** The journal of an ext filesystem, where it is a device of its own. */
  readonly journal?: BlockSource;
}

/** Opens one type of filesystem. */
export interface FileSystemDriver {
  /** "ext", "ntfs". */
  readonly name: string;
  /** Cheap, pure, bounded. Wrong content is `false`; an I/O error passes through. */
  probe(source: BlockSource): boolean;
  /** `source` is owned by the caller. Throws `corrupt` or `unsupported` naming structure, place, expected and found. */
  open(source: BlockSource, options?: OpenOptions): FileSystem;
}
