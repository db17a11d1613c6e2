import type { Fault } from "../../error.ts";
import type { BlockSource, Extent } from "../../source/block-source.ts";
import { type Ext2fs, problemAt, type RawInode } from "./ext2fs.ts";
import { PROBLEM_BYTES } from "./problem.ts";

/** `struct run_record` of wasm/glue/mapping.c. */
const RUN_BYTES = 16;
const KIND = { written: 0, unwritten: 1, damaged: 2 } as const;

/** Runs of a file from one logical block to another, in order; where none is, there is a hole. All in blocks. */
interface Window {
  readonly from: number;
  readonly to: number;
  readonly runs: readonly Run[];
}

interface Run {
  readonly logical: number;
  readonly length: number;
  readonly physical: number;
  readonly kind: number;
  readonly fault: Fault | undefined;
}

/**
 * Where the content of one file lies. The mapping is read from the tree on demand, some ten thousand runs at a time, and
 * only the last of these windows is kept.
 */
export class FileMapping {
  readonly #library: Ext2fs;
  readonly #source: BlockSource;
  readonly #inode: RawInode;
  readonly #blockBytes: number;
  #window: Window | undefined;

  constructor(library: Ext2fs, source: BlockSource, inode: RawInode, blockBytes: number) {
    this.#library = library;
    this.#source = source;
    this.#inode = inode;
    this.#blockBytes = blockBytes;
  }

  /** What backs a range of the content, covering it exactly. */
  *extents(offsetBytes: number, lengthBytes: number): Generator<Extent> {
    const endBytes = offsetBytes + lengthBytes;
    let at = offsetBytes;
    while (at < endBytes) {
      const block = Math.floor(at / this.#blockBytes);
      const window = this.#windowAt(block);
      const windowEnd = Math.min(endBytes, window.to * this.#blockBytes);
      for (let i = firstRunPast(window.runs, block); i < window.runs.length && at < windowEnd; i++) {
        const run = window.runs[i];
        if (run === undefined) break;
        const begin = Math.max(at, run.logical * this.#blockBytes);
        const end = Math.min(windowEnd, (run.logical + run.length) * this.#blockBytes);
        if (begin >= end) break;
        if (begin > at) yield { kind: "hole", lengthBytes: begin - at };
        yield* this.#extentsOf(run, begin, end - begin);
        at = end;
      }
      if (at < windowEnd) yield { kind: "hole", lengthBytes: windowEnd - at };
      at = windowEnd;
    }
  }

  *#extentsOf(run: Run, beginBytes: number, lengthBytes: number): Generator<Extent> {
    if (run.fault !== undefined) {
      yield { kind: "missing", lengthBytes, fault: run.fault };
      return;
    }
    const source = this.#source;
    const offsetBytes = run.physical * this.#blockBytes + beginBytes - run.logical * this.#blockBytes;
    if (run.kind === KIND.unwritten) {
      yield { kind: "hole", lengthBytes, backing: { source, offsetBytes } };
      return;
    }
    const presentBytes = Math.min(lengthBytes, Math.max(0, source.sizeBytes - offsetBytes));
    if (presentBytes > 0) yield { kind: "data", lengthBytes: presentBytes, source, offsetBytes };
    if (presentBytes < lengthBytes)
      yield { kind: "missing", lengthBytes: lengthBytes - presentBytes, fault: this.#beyondEnd() };
  }

  #beyondEnd(): Fault {
    const { label, sizeBytes } = this.#source;
    return { kind: "source", message: `inode ${this.#inode.number}: ${label} ends at byte ${sizeBytes}, before these blocks` };
  }

  #windowAt(block: number): Window {
    const known = this.#window;
    if (known !== undefined && block >= known.from && block < known.to) return known;
    const { bytes, next } = this.#library.extents(this.#inode, block);
    this.#window = { from: block, to: next ?? Number.POSITIVE_INFINITY, runs: this.#runsOf(bytes) };
    return this.#window;
  }

  #runsOf(bytes: Uint8Array): Run[] {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const runs: Run[] = [];
    for (let at = 0; at < bytes.length; ) {
      const kind = view.getUint16(at + 14, true);
      const isDamaged = kind === KIND.damaged;
      runs.push({
        logical: view.getUint32(at, true),
        length: view.getUint32(at + 4, true) || 2 ** 32,
        physical: view.getUint32(at + 8, true) + view.getUint16(at + 12, true) * 2 ** 32,
        kind,
        fault: isDamaged ? this.#library.faultOf(problemAt(bytes, at + RUN_BYTES)) : undefined,
      });
      at += RUN_BYTES + (isDamaged ? PROBLEM_BYTES : 0);
    }
    return runs;
  }
}

/** Index of the first run that reaches past a block. */
function firstRunPast(runs: readonly Run[], block: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const run = runs[middle];
    if (run !== undefined && run.logical + run.length <= block) low = middle + 1;
    else high = middle;
  }
  return low;
}
