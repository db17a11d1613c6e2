import { NomountError } from "../../src/error.ts";
import type { FileSystem } from "../../src/filesystem/file-system.ts";
import type { DirectoryEntry, Node, Xattr } from "../../src/filesystem/node.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { MemorySource } from "../../src/source/memory.ts";

/** A file as a test describes it; what is not given is plain. The same object under two names is one file of two links. */
export interface FakeNode extends Partial<Omit<Node, "id" | "sizeBytes" | "linkCount">> {
  /** Of a directory, in on-disk order; names may be anything, and may repeat. */
  readonly entries?: readonly (readonly [name: string, node: FakeNode])[];
  readonly content?: BlockSource | Uint8Array | string;
  readonly target?: string;
  readonly xattrs?: readonly Xattr[];
  readonly streams?: Readonly<Record<string, Uint8Array>>;
  /** Thrown whenever its content is asked for. */
  readonly contentFault?: NomountError;
  readonly xattrFault?: NomountError;
}

const PLAIN_NS = 1_600_000_000_123_456_789n;

/** A filesystem in memory, of every kind of file and every kind of trouble. */
export class FakeFileSystem implements FileSystem {
  readonly type: string = "fake";
  readonly label = "";
  readonly uuid = "";
  readonly root = 1;
  readonly space = { sizeBytes: 0, freeBytes: 0, allocationUnitBytes: 4096 };
  readonly state = { clean: true, warning: undefined };
  readonly details = {};
  readonly foldsCase = false;
  readonly #ids = new Map<FakeNode, number>();
  readonly #nodes = new Map<number, FakeNode>();
  readonly #linkCounts = new Map<FakeNode, number>();

  constructor(root: FakeNode) {
    this.#number(root);
  }

  node(id: number): Node {
    const fake = this.#fake(id);
    const kind = fake.kind ?? kindOf(fake);
    const contentBytes = kind === "symlink" ? (fake.target ?? "").length : this.#source(fake).sizeBytes;
    return {
      modifiedNs: PLAIN_NS,
      changedNs: PLAIN_NS,
      accessedNs: PLAIN_NS,
      createdNs: undefined,
      mode: kind === "directory" ? 0o755 : kind === "symlink" ? 0o777 : 0o644,
      uid: 0,
      gid: 0,
      device: undefined,
      flags: [],
      ...fake,
      id,
      kind,
      sizeBytes: kind === "file" || kind === "symlink" ? contentBytes : 0,
      linkCount: this.#linkCounts.get(fake) ?? 1,
    };
  }

  *list(directory: number): Iterable<DirectoryEntry> {
    for (const [name, node] of this.#fake(directory).entries ?? []) {
      yield { name, id: this.#ids.get(node) ?? 0, kind: node.kind ?? kindOf(node) };
    }
  }

  lookup(directory: number, name: string): DirectoryEntry | undefined {
    return [...this.list(directory)].find((entry) => entry.name === name);
  }

  linkTarget(link: number): string {
    return this.#fake(link).target ?? "";
  }

  xattrs(id: number): readonly Xattr[] {
    const { xattrs = [], xattrFault } = this.#fake(id);
    if (xattrFault !== undefined) throw xattrFault;
    return xattrs;
  }

  streams(id: number): readonly { readonly name: string; readonly sizeBytes: number }[] {
    return Object.entries(this.#fake(id).streams ?? {}).map(([name, bytes]) => ({ name, sizeBytes: bytes.length }));
  }

  content(file: number, stream?: string): BlockSource {
    const fake = this.#fake(file);
    if (fake.contentFault !== undefined) throw fake.contentFault;
    return stream === undefined ? this.#source(fake) : new MemorySource(fake.streams?.[stream] ?? new Uint8Array());
  }

  close(): void {}

  #number(node: FakeNode): void {
    this.#linkCounts.set(node, (this.#linkCounts.get(node) ?? 0) + 1);
    if (this.#ids.has(node)) return;
    const id = this.#ids.size + 1;
    this.#ids.set(node, id);
    this.#nodes.set(id, node);
    for (const [, child] of node.entries ?? []) this.#number(child);
  }

  #fake(id: number): FakeNode {
    const fake = this.#nodes.get(id);
    if (fake === undefined) throw new NomountError("corrupt", `fake: no inode ${id}`);
    return fake;
  }

  #source({ content = new Uint8Array() }: FakeNode): BlockSource {
    if (typeof content === "string") return new MemorySource(new TextEncoder().encode(content));
    return content instanceof Uint8Array ? new MemorySource(content) : content;
  }
}

/** A directory of these names. */
export function folder(entries: Readonly<Record<string, FakeNode>>, rest: FakeNode = {}): FakeNode {
  return { ...rest, kind: "directory", entries: Object.entries(entries) };
}

export function link(target: string, rest: FakeNode = {}): FakeNode {
  return { ...rest, kind: "symlink", target };
}

function kindOf(node: FakeNode): Node["kind"] {
  if (node.entries !== undefined) return "directory";
  return node.target === undefined ? "file" : "symlink";
}
