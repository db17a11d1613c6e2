import type { BlockSource } from "../../source/block-source.ts";
import { lazySource, missingSource } from "../lazy-source.ts";
import type { LogicalVolume } from "./group.ts";
import type { OpenedGroup } from "./opened-group.ts";
import type { Roles, SnapshotRecord } from "./roles.ts";
import { volumeError } from "./segment.ts";
import { snapshotSource } from "./snapshot/snapshot.ts";
import { readStore } from "./snapshot/store.ts";

/** A volume as the machine that activates the group shows it: snapshots with their origin's content, origins as merged. */
export function presented(opened: OpenedGroup, volume: LogicalVolume, roles: Roles): BlockSource {
  const { name } = volume;
  const snapshot = roles.snapshots.get(name);
  if (snapshot?.merging) {
    const label = `${opened.label}/${name}`;
    const what = `the snapshot is being merged into ${snapshot.origin}, which has its content`;
    return missingSource(label, snapshot.extentCount * opened.group.extentBytes, volumeError("unsupported", label, what));
  }
  const merged = roles.merging.get(name);
  if (merged !== undefined) return snapshotOf(opened, name, merged, volume.extentCount);
  if (snapshot !== undefined) return snapshotOf(opened, name, snapshot, snapshot.extentCount);
  return opened.volume(roles.thinMerging.get(name) ?? name);
}

function snapshotOf(opened: OpenedGroup, name: string, record: SnapshotRecord, extentCount: number): BlockSource {
  const label = `${opened.label}/${name}`;
  const sizeBytes = extentCount * opened.group.extentBytes;
  return lazySource(label, sizeBytes, () => {
    const store = opened.open(record.store);
    return snapshotSource(label, sizeBytes, opened.open(record.origin), store, readStore(store, sizeBytes));
  });
}
