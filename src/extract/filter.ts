import picomatch from "picomatch/posix.js";
import type { Node } from "../filesystem/node.ts";

export interface FilterOptions {
  /**
   * Globs. One without "/" is matched against the name alone, one with it against the path from the volume's root (a "/" at
   * its front changes nothing). With `include`, only what matches comes, and all that is inside a directory that matches.
   */
  readonly include?: readonly string[] | undefined;
  /** What matches is left out, a directory with all that it holds; stronger than `include`. */
  readonly exclude?: readonly string[] | undefined;
  /** Only what was modified after this; directories are not asked. */
  readonly newerNs?: bigint | undefined;
}

export type Verdict =
  /** It is wanted, and so is what it holds. */
  | "in"
  /** Not it, but perhaps what it holds: a directory comes when something in it does. */
  | "on the way"
  /** Neither it nor anything that it holds. */
  | "out";

type Matcher = (path: string, name: string) => boolean;

/** Decides in the order of a walk, depth first. */
export class Filter {
  readonly #included: Matcher | undefined;
  readonly #excluded: Matcher;
  readonly #newerNs: bigint | undefined;
  /** The directory that matched `include` and in which the walk is. */
  #inside: string | undefined;

  /** The filter that was asked for, or undefined when everything is wanted. */
  static of(options: FilterOptions): Filter | undefined {
    const { include = [], exclude = [], newerNs } = options;
    return include.length === 0 && exclude.length === 0 && newerNs === undefined ? undefined : new Filter(options);
  }

  constructor({ include = [], exclude = [], newerNs }: FilterOptions) {
    this.#included = include.length === 0 ? undefined : matcher(include);
    this.#excluded = matcher(exclude);
    this.#newerNs = newerNs;
  }

  /** `path`: from the volume's root, without "/" at the front; "" is the root, which is never matched. */
  judge(path: string, node: Node): Verdict {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const isDirectory = node.kind === "directory";
    if (path !== "" && this.#excluded(path, name)) return "out";
    const included = this.#isIncluded(path, name, isDirectory);
    if (isDirectory) return included && this.#newerNs === undefined ? "in" : "on the way";
    if (!included) return "out";
    const { modifiedNs } = node;
    return this.#newerNs === undefined || (modifiedNs !== undefined && modifiedNs > this.#newerNs) ? "in" : "out";
  }

  #isIncluded(path: string, name: string, isDirectory: boolean): boolean {
    if (this.#included === undefined) return true;
    if (this.#inside !== undefined && path.startsWith(this.#inside)) return true;
    this.#inside = undefined;
    if (path === "" || !this.#included(path, name)) return false;
    if (isDirectory) this.#inside = `${path}/`;
    return true;
  }
}

const OPTIONS = { dot: true, strictSlashes: false, nonegate: true } as const;

function matcher(globs: readonly string[]): Matcher {
  const byName = globs.filter((glob) => !glob.includes("/")).map((glob) => picomatch(glob, OPTIONS));
  const byPath = globs.filter((glob) => glob.includes("/")).map((glob) => picomatch(withoutOuterSlashes(glob), OPTIONS));
  return (path, name) => byName.some((matches) => matches(name)) || byPath.some((matches) => matches(path));
}

function withoutOuterSlashes(glob: string): string {
  return glob.replace(/^\/+|\/+$/g, "");
}
