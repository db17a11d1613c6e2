import type { FileSystem, FileSystemDriver } from "../../src/filesystem/file-system.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { FakeFileSystem, type FakeNode } from "./fake-file-system.ts";

const MAGIC = "FAKE:";

/** A filesystem that is its name on the disk, "FAKE:name", and its tree in the test. */
export class FakeDriver implements FileSystemDriver {
  readonly name = "fake";
  /** Names of those opened and of those closed, in order. */
  readonly opened: string[] = [];
  readonly closed: string[] = [];
  readonly #trees: Readonly<Record<string, FakeNode>>;

  constructor(trees: Readonly<Record<string, FakeNode>>) {
    this.#trees = trees;
  }

  probe(source: BlockSource): boolean {
    return nameOn(source) !== undefined;
  }

  open(source: BlockSource): FileSystem {
    const name = nameOn(source) ?? "";
    this.opened.push(name);
    const { closed } = this;
    class Named extends FakeFileSystem {
      override close(): void {
        closed.push(name);
      }
    }
    return new Named(this.#trees[name] ?? {});
  }
}

/** The head of such a filesystem. */
export function fakeHead(name: string): Uint8Array {
  return Uint8Array.from(Buffer.from(`${MAGIC}${name}\n`));
}

function nameOn(source: BlockSource): string | undefined {
  const head = new Uint8Array(Math.min(64, source.sizeBytes));
  source.readSync(head, 0);
  const text = Buffer.from(head).toString("latin1");
  return text.startsWith(MAGIC) ? (text.slice(MAGIC.length).split("\n")[0] ?? "") : undefined;
}
