import { damageOf } from "../../error.ts";
import type { LogicalVolume, VolumeGroup } from "./group.ts";

/** A classic snapshot, as its nameless record in the text ("snapshot0") ties a store to an origin. */
export interface SnapshotRecord {
  readonly origin: string;
  /** The volume whose own segments are the store, and whose name is the snapshot's. */
  readonly store: string;
  /** Of the snapshot: the origin's when it was taken. */
  readonly extentCount: number;
  /** The store is being merged back into the origin. */
  readonly merging: boolean;
  /** The text says it of the record, not of the store. */
  readonly visible: boolean;
}

/** What volumes of a group are to each other, beyond what they are made of. */
export interface Roles {
  /** By store. */
  readonly snapshots: ReadonlyMap<string, SnapshotRecord>;
  /** By origin: the record of the snapshot that is being merged into it. */
  readonly merging: ReadonlyMap<string, SnapshotRecord>;
  /** By thin volume: the thin snapshot that takes its place at the next activation. */
  readonly thinMerging: ReadonlyMap<string, string>;
  /** Names of the records themselves, which are no volumes. */
  readonly records: ReadonlySet<string>;
}

/** Records that contradict the text are left out: what they tie is then no snapshot. */
export function rolesIn(group: VolumeGroup): Roles {
  const snapshots = new Map<string, SnapshotRecord>();
  const merging = new Map<string, SnapshotRecord>();
  const thinMerging = new Map<string, string>();
  const records = new Set<string>();
  for (const volume of group.logicalVolumes.values()) {
    try {
      const record = snapshotRecord(group, volume);
      if (record !== undefined) {
        snapshots.set(record.store, record);
        if (record.merging) merging.set(record.origin, record);
      }
      if (volume.segments.some(({ type }) => type === "snapshot")) records.add(volume.name);
      const [segment] = volume.segments;
      const mergedInto = segment?.type === "thin" ? segment.fields.optionalString("merge") : undefined;
      if (mergedInto !== undefined) thinMerging.set(mergedInto, volume.name);
    } catch (error) {
      damageOf(error);
    }
  }
  return { snapshots, merging, thinMerging, records };
}

function snapshotRecord(group: VolumeGroup, { segments, status }: LogicalVolume): SnapshotRecord | undefined {
  const [segment] = segments;
  if (segment?.type !== "snapshot") return undefined;
  const origin = segment.fields.string("origin");
  const mergingStore = segment.fields.optionalString("merging_store");
  const store = mergingStore ?? segment.fields.string("cow_store");
  if (!group.logicalVolumes.has(origin) || !group.logicalVolumes.has(store)) return undefined;
  return {
    origin,
    store,
    extentCount: segment.extentCount,
    merging: mergingStore !== undefined,
    visible: status.includes("VISIBLE"),
  };
}
