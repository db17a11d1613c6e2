import { NomountError } from "../../../../error.ts";
import { GroupBitmaps, isSet } from "./bitmap.ts";
import { clustersIn, type Draft, groupStart } from "./geometry.ts";

/** What is in use of a filesystem: marks blocks and inodes in the bitmaps of their groups, which `finish` puts back. */
export class Allocation {
  readonly #draft: Draft;
  readonly #groups = new Map<number, GroupBitmaps>();

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /** Marks every cluster that `count` blocks from `block` on touch; says how many were not marked so before. */
  mark(block: number, count: number, used: boolean): number {
    const { geometry } = this.#draft;
    if (block < geometry.firstDataBlock || block + count > geometry.blockCount) {
      throw new NomountError("corrupt", `ext: ${count} blocks at ${block}: expected below ${geometry.blockCount}`, {
        where: { label: this.#draft.source.label },
      });
    }
    let changed = 0;
    for (let at = block; at < block + count; ) {
      const group = Math.floor((at - geometry.firstDataBlock) / geometry.blocksPerGroup);
      const index = Math.floor((at - groupStart(geometry, group)) / geometry.clusterBlocks);
      if (this.#bitmaps(group).setCluster(index, used)) changed += 1;
      at = groupStart(geometry, group) + (index + 1) * geometry.clusterBlocks;
    }
    return changed;
  }

  markInode(number: number, used: boolean, isDirectory: boolean): void {
    const { group, index } = this.#inodePlace(number);
    this.#bitmaps(group).setInode(index, used, isDirectory);
  }

  isInodeUsed(number: number): boolean {
    const { group, index } = this.#inodePlace(number);
    return isSet(this.#bitmaps(group).inodes, index);
  }

  /** Takes a free cluster, from the group of `near` on, that `isTaken` does not claim, and gives its first block. */
  take(near: number, isTaken: (block: number) => boolean): number {
    const { geometry } = this.#draft;
    const firstGroup = Math.floor((near - geometry.firstDataBlock) / geometry.blocksPerGroup);
    for (let i = 0; i < geometry.groupCount; i++) {
      const group = (firstGroup + i) % geometry.groupCount;
      const bitmaps = this.#bitmaps(group);
      if (bitmaps.descriptor.freeClusters === 0) continue;
      for (let index = 0; index < clustersIn(geometry, group); index++) {
        const block = groupStart(geometry, group) + index * geometry.clusterBlocks;
        if (isSet(bitmaps.clusters, index) || isTaken(block)) continue;
        bitmaps.setCluster(index, true);
        return block;
      }
    }
    throw new NomountError("corrupt", "ext: no block is free for what the journal adds", {
      where: { label: this.#draft.source.label },
    });
  }

  finish(): void {
    for (const bitmaps of this.#groups.values()) bitmaps.write();
  }

  #bitmaps(group: number): GroupBitmaps {
    let bitmaps = this.#groups.get(group);
    if (bitmaps === undefined) {
      bitmaps = new GroupBitmaps(this.#draft, group);
      this.#groups.set(group, bitmaps);
    }
    return bitmaps;
  }

  #inodePlace(number: number): { group: number; index: number } {
    const { inodesPerGroup } = this.#draft.geometry;
    return {
      group: Math.floor((number - 1) / inodesPerGroup),
      index: (number - 1) % inodesPerGroup,
    };
  }
}
