import type { Manifest, ManifestEntry } from "./manifest.ts";

/** What can differ between two trees; "presence" is a path that only one of them has. */
export type ManifestFacet = "presence" | Exclude<keyof ManifestEntry, "path" | "allocatedBytes">;

export interface Difference {
  readonly path: string;
  readonly facet: ManifestFacet;
  readonly expected: string;
  readonly found: string;
}

export interface CompareOptions {
  readonly ignore?: readonly ManifestFacet[];
  /** Expected times are first cut down to a multiple of this, for targets that keep no nanoseconds. */
  readonly timeStepNs?: bigint;
  /** Paths, below either top, that are left out on both sides. */
  readonly without?: (entry: ManifestEntry) => boolean;
}

const facets = [
  "kind",
  "sizeBytes",
  "mode",
  "uid",
  "gid",
  "modifiedNs",
  "accessedNs",
  "linkCount",
  "sameAs",
  "target",
  "device",
  "xattrs",
  "sha256",
] as const satisfies readonly ManifestFacet[];

/** Every difference between two trees, in the order of paths. */
export function compareManifests(expected: Manifest, found: Manifest, options: CompareOptions = {}): readonly Difference[] {
  const { ignore = [], timeStepNs = 1n, without = () => false } = options;
  const differences: Difference[] = [];
  for (const path of [...new Set([...expected.keys(), ...found.keys()])].sort()) {
    const [left, right] = [expected.get(path), found.get(path)];
    if ((left !== undefined && without(left)) || (right !== undefined && without(right))) continue;
    if (left === undefined || right === undefined) {
      const [expectedKind, foundKind] = [left?.kind ?? "nothing", right?.kind ?? "nothing"];
      differences.push({ path, facet: "presence", expected: expectedKind, found: foundKind });
      continue;
    }
    for (const facet of facets) {
      if (ignore.includes(facet)) continue;
      const [wanted, had] = [show(left[facet], timeStepNs), show(right[facet], timeStepNs)];
      if (wanted !== had) differences.push({ path, facet, expected: wanted, found: had });
    }
  }
  return differences;
}

/** For a test's message: how many of each facet, and the first few of each. */
export function describeDifferences(differences: readonly Difference[], perFacet = 5): string {
  const lines: string[] = [];
  for (const facet of new Set(differences.map((difference) => difference.facet))) {
    const ofFacet = differences.filter((difference) => difference.facet === facet);
    lines.push(`${facet}: ${ofFacet.length} differ`);
    for (const { path, expected, found } of ofFacet.slice(0, perFacet)) {
      lines.push(`  ${JSON.stringify(path)}: expected ${expected}, found ${found}`);
    }
  }
  return lines.join("\n");
}

function show(value: ManifestEntry[(typeof facets)[number]], timeStepNs: bigint): string {
  if (typeof value === "bigint") return String(value - (((value % timeStepNs) + timeStepNs) % timeStepNs));
  return Array.isArray(value) ? value.join(" ") : String(value);
}
