import type { BlockSource } from "../source/block-source.ts";
import type { Surroundings } from "./volume.ts";

/** One device of something that is made of several: which of them it is, and where it lies. */
export interface Part {
  readonly source: BlockSource;
  /** Copies of one device have the same. */
  readonly uuid: string;
}

/**
 * Puts copies of devices (a disk and its clone; a logical volume with a guest's physical volume in it, and its snapshot) into sets
 * in which none occurs twice. What lies in snapshots belongs together, and what lies in none; then what lies on one disk, in one of
 * its volumes, and so on inwards.
 */
export function separateCopies<T extends Part>(
  parts: readonly T[],
  around: ((source: BlockSource) => Surroundings | undefined) | undefined,
): readonly (readonly T[])[] {
  const path = (part: T): readonly unknown[] => {
    const surroundings = around?.(part.source);
    if (surroundings === undefined) return [];
    const { root, volumes } = surroundings;
    const inSnapshot = volumes.some(({ snapshotOf }) => snapshotOf !== undefined);
    return [inSnapshot, root, ...volumes];
  };
  return split(parts, new Map(parts.map((part) => [part, path(part)])), 0);
}

function split<T extends Part>(
  parts: readonly T[],
  paths: ReadonlyMap<T, readonly unknown[]>,
  depth: number,
): readonly (readonly T[])[] {
  if (new Set(parts.map(({ uuid }) => uuid)).size === parts.length) return [parts];
  if (parts.every((part) => depth >= (paths.get(part)?.length ?? 0))) return inOrder(parts);
  const groups = new Map<unknown, T[]>();
  for (const part of parts) {
    const key = paths.get(part)?.[depth];
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(part);
  }
  return [...groups.values()].flatMap((group) => split(group, paths, depth + 1));
}

/** Nothing tells them apart but the order in which they were given: the first of each together, then the second. */
function inOrder<T extends Part>(parts: readonly T[]): readonly (readonly T[])[] {
  const sets: T[][] = [];
  for (const part of parts) {
    const free = sets.find((set) => set.every(({ uuid }) => uuid !== part.uuid));
    if (free === undefined) sets.push([part]);
    else free.push(part);
  }
  return sets;
}
