/**
 * Runs of an attribute as columns: VCNs ascending, each run ending where the next begins, neighbours merged. An LCN of -1 is
 * a sparse run; BAD_LCN one that leads nowhere. Cluster 0 is a place like any other: $Boot lies there.
 */
export interface RunColumns {
  readonly count: number;
  /** `count + 1` values: the last is where the last run ends. */
  readonly vcns: Float64Array;
  readonly lcns: Float64Array;
  /** What is wrong with the list, which then ends early. */
  readonly problem: string | undefined;
}

export const SPARSE_LCN = -1;
export const BAD_LCN = -2;
/** Stands for clusters that no run covers. */
export const UNCOVERED_LCN = -3;

/**
 * Mapping pairs: a byte whose halves count the bytes of a run's length and of its place, which is signed and relative to the
 * place before; no place at all is a sparse run; a zero byte ends the list (libfsntfs 6.2.3, flatcap "Data Runs").
 * `clusterCount` bounds the places. Never throws.
 */
export function decodeRunList(bytes: Uint8Array, startVcn: number, clusterCount: number): RunColumns {
  // Two bytes are the least that a run takes.
  const most = (bytes.length >> 1) + 1;
  const vcns = new Float64Array(most + 1);
  const lcns = new Float64Array(most);
  let count = 0;
  let vcn = startVcn;
  let lcn = 0;
  let problem: string | undefined;
  for (let at = 0; ; ) {
    const header = bytes[at] ?? -1;
    if (header <= 0) {
      if (header < 0) problem = "run list has no end";
      break;
    }
    const lengthBytes = header & 15;
    const placeBytes = header >> 4;
    if (lengthBytes === 0 || lengthBytes > 8 || placeBytes > 8 || at + 1 + lengthBytes + placeBytes > bytes.length) {
      problem = `run ${count} of the list begins with 0x${header.toString(16).padStart(2, "0")}`;
      break;
    }
    const length = signedLittleEndian(bytes, at + 1, lengthBytes);
    if (!(length > 0 && vcn + length <= Number.MAX_SAFE_INTEGER)) {
      problem = `run ${count} of the list has a length of ${length} clusters`;
      break;
    }
    at += 1 + lengthBytes;
    let place = SPARSE_LCN;
    if (placeBytes > 0) {
      lcn += signedLittleEndian(bytes, at, placeBytes);
      place = lcn >= 0 && lcn + length <= clusterCount ? lcn : BAD_LCN;
      at += placeBytes;
    }
    const last = count - 1;
    const lastLcn = lcns[last] ?? 0;
    const joins = count > 0 && (place >= 0 ? lastLcn >= 0 && lastLcn + vcn - (vcns[last] ?? 0) === place : place === lastLcn);
    if (!joins) {
      vcns[count] = vcn;
      lcns[count] = place;
      count += 1;
    }
    vcn += length;
    vcns[count] = vcn;
  }
  if (count === 0) vcns[0] = startVcn;
  return { count, vcns, lcns, problem };
}

/** Index of the run that holds a VCN: between the first and the end of the last, which the caller has checked. */
export function runAt(runs: RunColumns, vcn: number): number {
  let low = 0;
  let high = runs.count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((runs.vcns[middle] ?? 0) <= vcn) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Exact up to 2^53; beyond, where nothing can lie, only the magnitude is right. */
function signedLittleEndian(bytes: Uint8Array, at: number, length: number): number {
  let value = ((bytes[at + length - 1] ?? 0) << 24) >> 24;
  for (let i = length - 2; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}
