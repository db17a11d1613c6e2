import { NomountError } from "../../../error.ts";

/**
 * Chunks of an origin that lie elsewhere, sorted by old chunk, both numbers packed into one 64-bit word: 8 bytes an exception, and
 * sorted in place by the engine's own sort of 64-bit integers (26 million, a 100 GiB origin rewritten in chunks of 4 KiB, take
 * some seconds and 210 MB).
 */
export interface Exceptions {
  readonly count: number;
  /** The index of the first exception whose old chunk is not below this one; `count` where there is none. */
  indexFrom(oldChunk: number): number;
  oldChunk(index: number): number;
  newChunk(index: number): number;
}

/** Collects exceptions in any order. */
export interface ExceptionCollector {
  add(oldChunk: number, newChunk: number): void;
  /** Sorts them. `choose` says which of two new chunks stands for an old chunk that was added twice, or throws. */
  finish(choose: (oldChunk: number, first: number, second: number) => number): Exceptions;
}

/** New chunks are below `newChunks`, old chunks below `oldChunks`; both together have to fit into 64 bits. */
export function sortedExceptions(newChunks: number, oldChunks: number): ExceptionCollector {
  const newBits = Math.ceil(Math.log2(Math.max(2, newChunks)));
  if (newBits > 32 || newBits + Math.ceil(Math.log2(Math.max(2, oldChunks))) > 64) {
    throw new NomountError(
      "unsupported",
      `lvm2: snapshot: a store of ${newChunks} chunks for an origin of ${oldChunks}: at most 2^32 and 2^64 together are read`,
    );
  }
  // packed = old * 2^newBits + new, as two halves of 32 bits.
  const newRange = 2 ** newBits;
  const oldInLow = 2 ** (32 - newBits);
  let words = new Uint32Array(2 * 1024);
  let count = 0;
  const oldChunk = (i: number) => (words[2 * i + 1] ?? 0) * oldInLow + Math.floor((words[2 * i] ?? 0) / newRange);
  const newChunk = (i: number) => (words[2 * i] ?? 0) % newRange;
  const put = (i: number, old: number, fresh: number) => {
    const high = Math.floor(old / oldInLow);
    words[2 * i] = (old - high * oldInLow) * newRange + fresh;
    words[2 * i + 1] = high;
  };
  return {
    add(old, fresh) {
      if (2 * count === words.length) {
        const grown = new Uint32Array(words.length * 2);
        grown.set(words);
        words = grown;
      }
      put(count++, old, fresh);
    },
    finish(choose) {
      // Little-endian halves make a 64-bit integer as it lies, as on every machine that runs JavaScript engines of today.
      new BigUint64Array(words.buffer, 0, count).sort();
      let kept = Math.min(count, 1);
      for (let i = 1; i < count; i++) {
        const old = oldChunk(i);
        if (old === oldChunk(kept - 1)) put(kept - 1, old, choose(old, newChunk(kept - 1), newChunk(i)));
        else if (kept === i) kept += 1;
        else put(kept++, old, newChunk(i));
      }
      count = kept;
      return {
        count,
        indexFrom(chunk) {
          let low = 0;
          let high = count;
          while (low < high) {
            const middle = (low + high) >>> 1;
            if (oldChunk(middle) < chunk) low = middle + 1;
            else high = middle;
          }
          return low;
        },
        oldChunk,
        newChunk,
      };
    },
  };
}
