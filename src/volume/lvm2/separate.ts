import type { BlockSource } from "../../source/block-source.ts";
import type { Surroundings } from "../volume.ts";
import type { Separate } from "./assemble.ts";
import type { PhysicalLabel } from "./label.ts";

/**
 * Puts copies of physical volumes into sets in which none occurs twice. What lies in snapshots belongs together, and what lies in
 * none; then what lies on one disk, in one of its volumes, and so on inwards.
 */
export function separateCopies(around: ((source: BlockSource) => Surroundings | undefined) | undefined): Separate {
  const path = (label: PhysicalLabel): readonly unknown[] => {
    const surroundings = around?.(label.source);
    if (surroundings === undefined) return [];
    const { root, volumes } = surroundings;
    const inSnapshot = volumes.some(({ snapshotOf }) => snapshotOf !== undefined);
    return [inSnapshot, root, ...volumes];
  };
  return (labels) => {
    const paths = new Map(labels.map((label) => [label, path(label)]));
    return split(labels, paths, 0);
  };
}

type Paths = ReadonlyMap<PhysicalLabel, readonly unknown[]>;

function split(labels: readonly PhysicalLabel[], paths: Paths, depth: number): readonly (readonly PhysicalLabel[])[] {
  if (new Set(labels.map(({ uuid }) => uuid)).size === labels.length) return [labels];
  if (labels.every((label) => depth >= (paths.get(label)?.length ?? 0))) return inOrder(labels);
  const parts = new Map<unknown, PhysicalLabel[]>();
  for (const label of labels) {
    const key = paths.get(label)?.[depth];
    const part = parts.get(key) ?? [];
    parts.set(key, part);
    part.push(label);
  }
  return [...parts.values()].flatMap((part) => split(part, paths, depth + 1));
}

/** Nothing tells them apart but the order in which they were given: the first of each together, then the second. */
function inOrder(labels: readonly PhysicalLabel[]): readonly (readonly PhysicalLabel[])[] {
  const sets: PhysicalLabel[][] = [];
  for (const label of labels) {
    const free = sets.find((set) => set.every(({ uuid }) => uuid !== label.uuid));
    if (free === undefined) sets.push([label]);
    else free.push(label);
  }
  return sets;
}
