import { damageOf, faultOf, type NomountError } from "../error.ts";
import type { FileSystem } from "../filesystem/file-system.ts";
import type { Node, NodeId, Xattr } from "../filesystem/node.ts";
import { join } from "../filesystem/path.ts";
import { type WalkEntry, walk } from "../filesystem/walk.ts";
import { checkName } from "../sink/safe-path.ts";
import type { Entry } from "../sink/sink.ts";
import type { BlockSource } from "../source/block-source.ts";
import { Filter, type FilterOptions, type Verdict } from "./filter.ts";
import type { Recorder } from "./report.ts";
import type { NamedSelection } from "./selection.ts";
import { type StreamsOption, streamAsFile, streamXattrs } from "./streams.ts";

export interface PlanOptions extends FilterOptions {
  /**
   * Named streams (NTFS): `beside` as files "name:stream" next to theirs, `xattr` as attributes "user.stream" where they are
   * small enough, or `none`. Default `beside`.
   */
  readonly streams?: StreamsOption | undefined;
  /** Why the destination has no hard links; then each name of a file is a file of its own. Default: it has. */
  readonly noHardLinks?: string | undefined;
}

/** An entry with its content, in the order in which a sink takes them. */
export interface Planned {
  readonly entry: Entry;
  readonly content: BlockSource | undefined;
}

/**
 * Whatever is selected, lazily: each directory before what it holds, a file before its further names. Undefined is a step that
 * brought nothing: a filter may leave out a million files in a row, and who asks may want to look up in between.
 */
export function* plan(
  selections: readonly NamedSelection[],
  options: PlanOptions,
  recorder: Recorder,
): Generator<Planned | undefined> {
  const first = new Map<FileSystem, Map<NodeId, string>>();
  for (const selection of selections) {
    const known = first.get(selection.fileSystem) ?? new Map<NodeId, string>();
    first.set(selection.fileSystem, known);
    yield* new TreePlan(selection, options, recorder, known).entries();
  }
}

class TreePlan {
  readonly #selection: NamedSelection;
  readonly #fileSystem: FileSystem;
  readonly #streams: StreamsOption;
  readonly #noHardLinks: string | undefined;
  readonly #recorder: Recorder;
  readonly #filter: Filter | undefined;
  /** Where each file of several names came first. */
  readonly #firstNames: Map<NodeId, string>;
  /** Directories on the way here that did not come yet, since nothing in them has. */
  #waiting: { readonly path: string; readonly node: Node }[] = [];

  constructor(selection: NamedSelection, options: PlanOptions, recorder: Recorder, firstNames: Map<NodeId, string>) {
    this.#selection = selection;
    this.#fileSystem = selection.fileSystem;
    this.#streams = options.streams ?? "beside";
    this.#noHardLinks = options.noHardLinks;
    this.#recorder = recorder;
    this.#filter = Filter.of(options);
    this.#firstNames = firstNames;
  }

  *entries(): Generator<Planned | undefined> {
    const { node, name, stream } = this.#selection;
    if (stream !== undefined) {
      yield* this.#attempt(name, () => [streamAsFile(this.#fileSystem, name, node, stream)]);
      return;
    }
    const damaged = (path: string, error: NomountError): void =>
      this.#recorder.damaged(join(this.#selection.path, path), faultOf(error));
    let verdict: Verdict = "in";
    for (const found of walk(this.#fileSystem, node, damaged, { enter: () => verdict !== "out" })) {
      const path = found.path === "" ? name : join(name, found.path);
      verdict = this.#judge(found, path);
      if (verdict === "out") {
        yield undefined;
        continue;
      }
      if (this.#waiting.length > 0) this.#waiting = this.#waiting.filter((folder) => holds(folder.path, path));
      if (verdict === "on the way") {
        this.#waiting.push({ path, node: found.node });
        yield undefined;
        continue;
      }
      if (this.#waiting.length > 0)
        for (const folder of this.#waiting.splice(0)) yield* this.#planned(folder.path, folder.node);
      for (const planned of this.#planned(path, found.node)) yield planned;
    }
  }

  #judge(found: WalkEntry, path: string): Verdict {
    try {
      if (found.name !== "") checkName(found.name);
    } catch (error) {
      this.#recorder.events.failed(path, faultOf(error));
      return "out";
    }
    if (this.#filter === undefined) return "in";
    const verdict = this.#filter.judge(join(this.#selection.path, found.path).replace(/^\/+/, ""), found.node);
    if (verdict === "out") this.#recorder.filtered();
    return verdict;
  }

  #planned(path: string, node: Node): readonly Planned[] {
    const hasNames = node.linkCount > 1 && node.kind !== "directory";
    const hardLinkTo = hasNames ? this.#firstNames.get(node.id) : undefined;
    if (hardLinkTo !== undefined && this.#noHardLinks !== undefined)
      this.#recorder.events.lost(path, "hard link", this.#noHardLinks);
    else if (hardLinkTo !== undefined)
      return [{ entry: { path, node, linkTarget: undefined, hardLinkTo, xattrs: NO_XATTRS }, content: undefined }];
    const planned = this.#attempt(path, () => this.#whole(path, node));
    if (hasNames && planned.length > 0 && hardLinkTo === undefined) this.#firstNames.set(node.id, path);
    return planned;
  }

  /** A file or directory with its streams, or whatever else there is. */
  #whole(path: string, node: Node): readonly Planned[] {
    const { kind, id } = node;
    const linkTarget = kind === "symlink" ? this.#fileSystem.linkTarget(id) : undefined;
    const entry: Entry = { path, node, linkTarget, hardLinkTo: undefined, xattrs: this.#xattrs(path, node) };
    const content = kind === "file" ? this.#fileSystem.content(id) : undefined;
    const streams = kind === "file" || kind === "directory" ? this.#fileSystem.streams(id) : [];
    if (streams.length === 0) return [{ entry, content }];
    const lost = (name: string, why: string): void => this.#recorder.events.lost(`${path}:${name}`, "stream", why);
    if (this.#streams === "none") {
      for (const { name } of streams) lost(name, "left out as asked");
      return [{ entry, content }];
    }
    if (this.#streams === "xattr") {
      const xattrs = [...entry.xattrs, ...streamXattrs(this.#fileSystem, node, streams, lost)];
      return [{ entry: { ...entry, xattrs }, content }];
    }
    const beside = streams.flatMap(({ name }) => {
      const streamPath = `${path}:${name}`;
      return this.#attempt(streamPath, () => {
        checkName(name);
        return [streamAsFile(this.#fileSystem, streamPath, node, name)];
      });
    });
    // GNU tar gives a directory its times at the first entry that lies not in it: that is not to be a stream of its own.
    return kind === "directory" && path !== "" ? [...beside, { entry, content }] : [{ entry, content }, ...beside];
  }

  #xattrs(path: string, { id }: Node): readonly Xattr[] {
    try {
      return this.#fileSystem.xattrs(id);
    } catch (error) {
      this.#recorder.events.lost(path, "xattr", damageOf(error).message);
      return NO_XATTRS;
    }
  }

  /** What cannot be had is a failure of its path, and nothing of it comes. */
  #attempt(path: string, make: () => readonly Planned[]): readonly Planned[] {
    try {
      return make();
    } catch (error) {
      this.#recorder.events.failed(path, faultOf(damageOf(error)));
      return [];
    }
  }
}

const NO_XATTRS: readonly Xattr[] = [];

/** Whether a path lies in a folder. */
export function holds(folder: string, path: string): boolean {
  return folder === "" || path.startsWith(`${folder}/`);
}
