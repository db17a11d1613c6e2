import type { LogRecord } from "./record.ts";
import type { DirtyPage } from "./tables.ts";

interface DirtyCluster {
  /** 0 where the cluster was given up since. */
  lcn: bigint;
  /** Older changes of it are on the disk. */
  readonly oldestLsn: bigint;
}

/** Far above what the records of a log can name in earnest: it bounds what a damaged one costs. */
const MOST_LOOKED_AT = 50_000_000;

/** The clusters of which the disk may lack the newest changes, by attribute and VCN, and where they lay last. */
export class DirtyClusters {
  readonly #clusters = new Map<string, DirtyCluster>();
  /** The same by where they lie, to give them up. */
  readonly #byLcn = new Map<bigint, Set<DirtyCluster>>();
  #lookedAt = 0;
  #oldestLsn: bigint | undefined;

  constructor(pages: readonly DirtyPage[]) {
    for (const { attribute, vcn, oldestLsn, lcns } of pages) this.#set(attribute, vcn, lcns, oldestLsn);
  }

  get oldestLsn(): bigint | undefined {
    return this.#oldestLsn;
  }

  /** Takes note of the clusters that a record changes. */
  add({ attribute, vcn, lcns, lsn }: LogRecord): void {
    this.#set(attribute, vcn, lcns, lsn);
  }

  /** A bad cluster was replaced: what is known of it lies elsewhere now. */
  move({ attribute, vcn, lcns }: LogRecord): void {
    const cluster = this.#clusters.get(key(attribute, vcn));
    const [lcn] = lcns;
    if (cluster !== undefined && cluster.lcn !== 0n && lcn !== undefined) this.#place(cluster, lcn);
  }

  /** The clusters of the volume from `lcn` on were given up. False where more are named than can be looked at. */
  forget(lcn: bigint, count: bigint): boolean {
    const few = count < BigInt(this.#byLcn.size);
    this.#lookedAt += few ? Number(count) : this.#byLcn.size;
    if (this.#lookedAt > MOST_LOOKED_AT) return false;
    const end = lcn + count;
    const named = few ? range(lcn, end) : [...this.#byLcn.keys()].filter((at) => at >= lcn && at < end);
    for (const at of named) {
      for (const cluster of this.#byLcn.get(at) ?? []) cluster.lcn = 0n;
      this.#byLcn.delete(at);
    }
    return true;
  }

  /**
   * Where the clusters of a record are that it changes and the disk may lack; `missing` is how many at the end were given up.
   * Undefined where the disk has the change.
   */
  placesOf({ attribute, vcn, lcns, lsn }: LogRecord): readonly bigint[] | undefined {
    const places: bigint[] = [];
    for (let i = 0n; i < BigInt(lcns.length); i++) {
      const cluster = this.#clusters.get(key(attribute, vcn + i));
      if (i === 0n && (cluster === undefined || lsn < cluster.oldestLsn)) return undefined;
      if (cluster === undefined || cluster.lcn === 0n) break;
      places.push(cluster.lcn);
    }
    return places;
  }

  /** Where a cluster of an attribute lay last: 0 where it was given up, undefined where the log does not tell. */
  placeOf(attribute: number, vcn: bigint): bigint | undefined {
    return this.#clusters.get(key(attribute, vcn))?.lcn;
  }

  #set(attribute: number, firstVcn: bigint, lcns: readonly bigint[], oldestLsn: bigint): void {
    lcns.forEach((lcn, i) => {
      const name = key(attribute, firstVcn + BigInt(i));
      const known = this.#clusters.get(name);
      const cluster = known ?? { lcn: 0n, oldestLsn };
      if (known === undefined) this.#clusters.set(name, cluster);
      this.#place(cluster, lcn);
    });
    if (lcns.length > 0 && oldestLsn !== 0n && (this.#oldestLsn === undefined || oldestLsn < this.#oldestLsn))
      this.#oldestLsn = oldestLsn;
  }

  #place(cluster: DirtyCluster, lcn: bigint): void {
    this.#byLcn.get(cluster.lcn)?.delete(cluster);
    cluster.lcn = lcn;
    if (lcn === 0n) return;
    const there = this.#byLcn.get(lcn);
    if (there === undefined) this.#byLcn.set(lcn, new Set([cluster]));
    else there.add(cluster);
  }
}

function key(attribute: number, vcn: bigint): string {
  return `${attribute} ${vcn}`;
}

function* range(start: bigint, end: bigint): Generator<bigint> {
  for (let at = start; at < end; at++) yield at;
}
