import { type Fault, faultOf, NomountError, type Where } from "../../error.ts";
import { BAD_LCN, decodeRunList, type RunColumns, runAt, UNCOVERED_LCN } from "./run-list.ts";

/** A stretch of an attribute: on the volume from `lcn` on, sparse (SPARSE_LCN), or not to be had (`fault`). */
export interface Run {
  readonly vcn: number;
  readonly length: number;
  readonly lcn: number;
  readonly fault: Fault | undefined;
}

/** The part of an attribute's runs that one record holds. */
export interface Segment {
  readonly startVcn: number;
  /** Reads the record again, or throws what is wrong with it. */
  readonly runList: () => Uint8Array;
}

/** As messages name the attribute, "FILE record 41: $DATA", and where it lies. */
interface Named {
  readonly title: string;
  readonly where: () => Where;
}

/** A file's runs may fill thousands of records: they are decoded when wanted, and so many segments are kept. */
const KEPT_SEGMENTS = 4;

/** Where the clusters of one attribute lie. */
export class RunMap {
  readonly #first: Segment;
  readonly #rest: readonly Segment[];
  readonly #clusterCount: number;
  readonly #name: Named;
  readonly #decoded = new Map<number, RunColumns>();

  /** `first` begins at VCN 0, `rest` follows in the order of the VCNs; it may grow. */
  constructor(first: Segment, rest: readonly Segment[], clusterCount: number, name: Named) {
    this.#first = first;
    this.#rest = rest;
    this.#clusterCount = clusterCount;
    this.#name = name;
  }

  /** The runs that cover `[startVcn, endVcn)` exactly, in order. What no segment covers is a run with a fault. */
  *runs(startVcn: number, endVcn: number): Generator<Run> {
    let vcn = startVcn;
    for (let i = this.#segmentAt(vcn); vcn < endVcn; i++) {
      const end = Math.min(endVcn, this.#rest[i]?.startVcn ?? Number.POSITIVE_INFINITY);
      yield* this.#runsOf(i, vcn, end);
      vcn = end;
    }
  }

  *#runsOf(segment: number, startVcn: number, endVcn: number): Generator<Run> {
    let columns: RunColumns;
    try {
      columns = this.#columns(segment);
    } catch (error) {
      yield { vcn: startVcn, length: endVcn - startVcn, lcn: BAD_LCN, fault: faultOf(error) };
      return;
    }
    const { count, vcns, lcns } = columns;
    let vcn = startVcn;
    const coveredEnd = vcns[count] ?? 0;
    if (vcn >= (vcns[0] ?? 0) && vcn < coveredEnd) {
      for (let i = runAt(columns, vcn); i < count && vcn < endVcn; i++) {
        const end = Math.min(endVcn, vcns[i + 1] ?? 0);
        const lcn = lcns[i] ?? BAD_LCN;
        yield {
          vcn,
          length: end - vcn,
          lcn: lcn < 0 ? lcn : lcn + vcn - (vcns[i] ?? 0),
          fault:
            lcn === BAD_LCN
              ? this.#fault(`the run at VCN ${vcns[i]} leads past the volume's ${this.#clusterCount} clusters`)
              : undefined,
        };
        vcn = end;
      }
    }
    if (vcn < endVcn) {
      const problem = columns.problem ?? `no run covers VCN ${vcn}; the last ends at ${coveredEnd}`;
      yield { vcn, length: endVcn - vcn, lcn: UNCOVERED_LCN, fault: this.#fault(problem) };
    }
  }

  #columns(segment: number): RunColumns {
    const known = this.#decoded.get(segment);
    if (known !== undefined) return known;
    const { startVcn, runList } = this.#rest[segment - 1] ?? this.#first;
    const columns = decodeRunList(runList(), startVcn, this.#clusterCount);
    if (this.#decoded.size >= KEPT_SEGMENTS) {
      for (const oldest of this.#decoded.keys()) {
        this.#decoded.delete(oldest);
        break;
      }
    }
    this.#decoded.set(segment, columns);
    return columns;
  }

  /** Index of the last segment that begins at or before a VCN. */
  #segmentAt(vcn: number): number {
    let low = 0;
    let high = this.#rest.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#rest[middle - 1]?.startVcn ?? 0) <= vcn) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #fault(problem: string): Fault {
    return faultOf(new NomountError("corrupt", `ntfs: ${this.#name.title}: ${problem}`, { where: this.#name.where() }));
  }
}
