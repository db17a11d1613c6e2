import { nameFromBytes } from "../../bytes/names.ts";
import type { Damaged } from "../file-system.ts";
import type { DirectoryEntry, NodeKind } from "../node.ts";
import type { DirectoryHash } from "./directory-hash.ts";
import { type Ext2fs, problemAt, type RawInode } from "./ext2fs.ts";
import { noKeyName } from "./no-key-name.ts";
import { PROBLEM_BYTES, type Problem } from "./problem.ts";

/** `struct entry_record` of wasm/glue/directory.c. */
const RECORD_BYTES = 8;
const KIND = { name: 0, hashAndName: 1, problem: 2 } as const;

/** Linux, Documentation/filesystems/ext4/directory.rst, "ftype". */
const kinds: readonly (NodeKind | undefined)[] = [undefined, "file", "directory", "char", "block", "fifo", "socket", "symlink"];

/** How the kernel shows the names of an encrypted directory whose key it does not have. */
export interface Encryption {
  /** Undefined where the directory is read without its index: then hashes are 0. */
  readonly hash: DirectoryHash | undefined;
}

/** Entries of a directory, without "." and "..". Damaged blocks and entries go to the callback, the rest still comes. */
export function* listDirectory(
  library: Ext2fs,
  inode: RawInode,
  encryption: Encryption | undefined,
  damaged: Damaged,
): Generator<DirectoryEntry> {
  for (let from: number | undefined = 0; from !== undefined; ) {
    const { bytes, next } = library.directory(inode, from);
    // Made before anything is yielded: whoever takes an entry may call the library, which then forgets reply and read errors.
    const { entries, problems } = decode(bytes, encryption);
    const errors = problems.map((problem) => library.errorOf(problem));
    for (const error of errors) damaged(error);
    // Not `yield*`, which takes several times as long for each entry.
    for (const entry of entries) yield entry;
    from = next;
  }
}

function decode(bytes: Uint8Array, encryption: Encryption | undefined) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: DirectoryEntry[] = [];
  const problems: Problem[] = [];
  for (let at = 0; at < bytes.length; ) {
    const id = view.getUint32(at, true);
    const fileType = view.getUint8(at + 4);
    const nameBytes = view.getUint8(at + 5);
    const kind = view.getUint8(at + 6);
    at += RECORD_BYTES;
    if (kind === KIND.problem) {
      problems.push(problemAt(bytes, at));
      at += PROBLEM_BYTES;
      continue;
    }
    let hashes: readonly [number, number] | undefined;
    if (kind === KIND.hashAndName) {
      hashes = [view.getUint32(at, true), view.getUint32(at + 4, true)];
      at += 8;
    }
    const raw = bytes.subarray(at, at + nameBytes);
    at += (nameBytes + 3) & ~3;
    const name = encryption === undefined ? nameFromBytes(raw) : noKeyName(raw, hashes ?? encryption.hash?.(raw) ?? [0, 0]);
    entries.push({ name, id, kind: kinds[fileType] });
  }
  return { entries, problems };
}
