import { NomountError } from "../../../../error.ts";
import { FLAG } from "../../inode.ts";
import { inodeLayout } from "../../layout.ts";
import { Log } from "../jbd2/log.ts";
import type { Journal } from "../jbd2/superblock.ts";
import type { Allocation } from "../metadata/allocation.ts";
import { type Entry, fileTypeOf } from "../metadata/directory.ts";
import type { Draft } from "../metadata/geometry.ts";
import { modes } from "../metadata/inodes.ts";
import { EXTENT_MAGIC, extentHeader, extentLayout, MAX_EXTENT_BLOCKS } from "../metadata/layout.ts";
import { releaseInode } from "../orphan/cleanup.ts";
import { InodeDraft, nameKey } from "./inode-draft.ts";
import { addRangeRecord, deleteRangeRecord, inodeRecord, nameRecord, tags } from "./layout.ts";
import { type FastCommitRecord, type FastCommitScan, readFastCommits } from "./scan.ts";

const ROOT_INODE = 2;
/** A directory with more links counts as having one (EXT4_LINK_MAX, feature dir_nlink). */
const MAX_LINKS = 65_000;

export interface Applied {
  /** A record that the kernel does not get past either; what came before it stays applied. */
  readonly failure: NomountError | undefined;
  /** The kernel marks the filesystem as one with errors on the way, and goes on. */
  readonly foundErrors: boolean;
}

export const nothingApplied: Applied = { failure: undefined, foundErrors: false };

/** Applies what a scan found to the draft, record by record, as the kernel's replay does. */
export function applyFastCommits(draft: Draft, allocation: Allocation, journal: Journal, { records }: FastCommitScan): Applied {
  const applying = new FastCommits(draft, allocation);
  let failure: NomountError | undefined;
  try {
    for (const record of readFastCommits(new Log(journal), records)) applying.apply(record);
  } catch (error) {
    if (!(error instanceof NomountError) || error.kind === "source") throw error;
    failure = error;
  }
  applying.finish();
  return { failure, foundErrors: applying.foundErrors };
}

class FastCommits {
  readonly #draft: Draft;
  readonly #allocation: Allocation;
  readonly #inodes = new Map<number, InodeDraft>();
  foundErrors = false;

  constructor(draft: Draft, allocation: Allocation) {
    this.#draft = draft;
    this.#allocation = allocation;
  }

  apply({ tag, value }: FastCommitRecord): void {
    if (tag === tags.addRange) this.#addRange(value);
    else if (tag === tags.deleteRange) this.#deleteRange(value);
    else if (tag === tags.inode) this.#replaceInode(value);
    else if (tag === tags.create) this.#create(value);
    else if (tag === tags.link) this.#link(value);
    else if (tag === tags.unlink) this.#unlink(value);
  }

  /** First all that is no longer used, then all that is, then what the lists need in new blocks. */
  finish(): void {
    const allocation = this.#allocation;
    for (const { before } of this.#inodes.values()) {
      for (const run of before.runs) allocation.mark(run.physical, run.count, false);
    }
    for (const { runs, before } of this.#inodes.values()) {
      for (const run of runs) allocation.mark(run.physical, run.count, true);
      for (const block of before.treeBlocks) allocation.mark(block, 1, true);
    }
    for (const inode of this.#inodes.values()) inode.write(this.#draft, allocation);
  }

  #addRange(value: Uint8Array): void {
    const record = addRangeRecord.view(value);
    const file = this.#findMapped(record.inode);
    if (file === undefined) return;
    const extent = extentLayout.view(record.extent);
    const unwritten = extent.length > MAX_EXTENT_BLOCKS;
    const count = unwritten ? extent.length - MAX_EXTENT_BLOCKS : extent.length;
    const physical = extent.physicalHigh * 2 ** 32 + extent.physicalLow;
    if (count === 0) return;
    file.replaceRange(extent.logicalBlock, count, {
      logical: extent.logicalBlock,
      physical,
      count,
      unwritten,
    });
  }

  #deleteRange(value: Uint8Array): void {
    const record = deleteRangeRecord.view(value);
    const file = this.#findMapped(record.inode);
    if (file === undefined || record.blockCount === 0) return;
    file.replaceRange(record.logicalBlock, record.blockCount, undefined);
  }

  /** All of the inode but its mapping; that comes with the ranges. */
  #replaceInode(value: Uint8Array): void {
    const { inode: number } = inodeRecord.view(value);
    const raw = value.subarray(inodeRecord.sizeBytes);
    this.#expectNumber(number);
    const file = this.#draftOf(number);
    const { inode } = file;
    const mapping = inodeLayout.offsetOf("block");
    const afterMapping = inodeLayout.offsetOf("generation");
    inode.bytes.set(raw.subarray(0, mapping), 0);
    inode.bytes.set(raw.subarray(afterMapping), afterMapping);
    if ((inode.flags & FLAG.extents) !== 0) {
      if (extentHeader.view(inode.block).magic !== EXTENT_MAGIC) file.beginMapping();
    } else if ((inode.flags & FLAG.inlineData) !== 0) {
      inode.bytes.set(raw.subarray(mapping, afterMapping), mapping);
    }
    file.countsBlocks = true;
    this.#allocation.markInode(number, true, inode.kind === modes.directory);
    if (!file.isAlive) throw this.#corrupt(`inode ${number} has no links`);
  }

  #create(value: Uint8Array): void {
    const { parentInode, inode: number } = nameRecord.view(value);
    this.#expectNumber(number);
    const file = this.#find(number);
    if (file === undefined) throw this.#corrupt(`inode ${number} is created, but has no links`);
    this.#allocation.markInode(number, true, file.isDirectory);
    if (file.isDirectory) {
      const parent = this.#find(parentInode);
      if (parent === undefined || file.runs.length > 0) return;
      file.beginDirectory([this.#entry(".", file), this.#entry("..", parent)]);
    }
    this.#addName(parentInode, file, value.subarray(nameRecord.sizeBytes));
    // Also of directories, which have two links or more: the kernel's replay leaves them with one.
    file.inode.linkCount = 1;
  }

  #link(value: Uint8Array): void {
    const { parentInode, inode: number } = nameRecord.view(value);
    const file = this.#find(number);
    if (file !== undefined) this.#addName(parentInode, file, value.subarray(nameRecord.sizeBytes));
  }

  /** The name may be there already: from the log, or since the crash came after the change. */
  #addName(parentInode: number, file: InodeDraft, name: Uint8Array): void {
    const parent = this.#find(parentInode);
    if (parent === undefined || !parent.isDirectory) return;
    // Where blocks have no checksums, the kernel goes on without the index.
    if (parent.lacksIndex && this.#draft.geometry.checksums === "crc32c") {
      throw this.#corrupt(`directory ${parentInode} has lost its index`);
    }
    const entries = parent.entries(this.#draft);
    const key = nameKey(name);
    if (entries.has(key)) return;
    entries.set(key, {
      inode: file.inode.number,
      fileType: fileTypeOf(this.#draft, file.inode),
      name: name.slice(),
    });
    const links = file.inode.linkCount + 1;
    file.inode.linkCount = file.isDirectory && links >= MAX_LINKS ? 1 : links;
  }

  /** A name that leads to another inode by now stays, yet the link of this one is gone. */
  #unlink(value: Uint8Array): void {
    const { parentInode, inode: number } = nameRecord.view(value);
    const file = this.#find(number);
    const parent = this.#find(parentInode);
    if (file === undefined || parent === undefined || !parent.isDirectory) return;
    const entries = parent.entries(this.#draft);
    const key = nameKey(value.subarray(nameRecord.sizeBytes));
    const entry = entries.get(key);
    if (entry === undefined) return;
    if (entry.inode === number) entries.delete(key);
    file.inode.linkCount -= 1;
    if (file.isAlive) return;
    releaseInode(this.#draft, this.#allocation, file.inode);
    file.clearMapping();
    file.countsBlocks = false;
  }

  #entry(name: string, to: InodeDraft): Entry {
    return {
      inode: to.inode.number,
      fileType: fileTypeOf(this.#draft, to.inode),
      name: new TextEncoder().encode(name),
    };
  }

  /** The inode as far as it is one in use; the kernel passes over records about others. */
  #find(number: number): InodeDraft | undefined {
    const { firstFreeInode, inodeCount } = this.#draft.geometry;
    if (number > inodeCount || (number < firstFreeInode && number !== ROOT_INODE)) return undefined;
    const file = this.#draftOf(number);
    return file.isAlive ? file : undefined;
  }

  #draftOf(number: number): InodeDraft {
    let file = this.#inodes.get(number);
    if (file === undefined) {
      file = new InodeDraft(this.#draft, number);
      this.#inodes.set(number, file);
    }
    return file;
  }

  #expectNumber(number: number): void {
    const { firstFreeInode, inodeCount } = this.#draft.geometry;
    if (number < firstFreeInode || number > inodeCount) {
      throw this.#corrupt(`inode ${number}: expected ${firstFreeInode} to ${inodeCount}`);
    }
  }

  /**
   * A file that outgrew its inode has ranges ahead of the record that gives it extents. There the kernel takes its data for
   * block numbers, finds an error, and passes over the range: what lay in it is lost. (At worst it crashes.)
   */
  #findMapped(number: number): InodeDraft | undefined {
    const file = this.#find(number);
    if (file === undefined || file.isMapped) return file;
    this.foundErrors = true;
    return undefined;
  }

  #corrupt(what: string): NomountError {
    return new NomountError("corrupt", `ext: fast commits: ${what}`, {
      where: { label: this.#draft.source.label },
    });
  }
}
