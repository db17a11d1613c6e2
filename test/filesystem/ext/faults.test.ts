import { expect, test } from "vitest";
import { NomountError, SourceError } from "../../../src/error.ts";
import type { FileSystem } from "../../../src/filesystem/file-system.ts";
import { walk } from "../../../src/filesystem/walk.ts";
import type { BlockSource } from "../../../src/source/block-source.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { openExt } from "../../support/ext-fixture.ts";
import { fixtureBytes } from "../../support/fixture.ts";
import { hashOf } from "../../support/manifest-of-file-system.ts";

/** A source whose read number `failing` fails. */
class FailingSource implements BlockSource {
  readonly label = "failing.img";
  readonly sizeBytes: number;
  reads = 0;
  readonly #inner: MemorySource;
  readonly #failing: number;
  readonly #fatal: boolean;

  constructor(bytes: Uint8Array, failing: number, fatal = false) {
    this.#inner = new MemorySource(bytes);
    this.sizeBytes = bytes.length;
    this.#failing = failing;
    this.#fatal = fatal;
  }

  readSync(into: Uint8Array, offsetBytes: number): void {
    this.reads += 1;
    if (this.reads === this.#failing || (this.#fatal && this.reads > this.#failing)) {
      const range = { label: this.label, offsetBytes, lengthBytes: into.length };
      throw new SourceError("read failed as told", range, { fatal: this.#fatal });
    }
    this.#inner.readSync(into, offsetBytes);
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<void> {
    this.readSync(into, offsetBytes);
  }

  close(): void {}
}

/** Everything that a copy would ask for; gives how many paths there were. */
function use(fileSystem: FileSystem, damaged: (error: NomountError) => void): number {
  let paths = 0;
  for (const { node } of walk(fileSystem, fileSystem.node(fileSystem.root), (_, error) => damaged(error))) {
    paths += 1;
    for (const part of [
      () => fileSystem.xattrs(node.id),
      () => (node.kind === "file" ? hashOf(fileSystem, node.id) : ""),
      () => (node.kind === "symlink" ? fileSystem.linkTarget(node.id) : ""),
    ]) {
      try {
        part();
      } catch (error) {
        if (!(error instanceof NomountError) || (error instanceof SourceError && error.fatal)) throw error;
        damaged(error);
      }
    }
  }
  return paths;
}

const bytes = new Uint8Array(fixtureBytes("ext4-kinds"));

function counted(): { reads: number; paths: number } {
  const source = new FailingSource(bytes, -1);
  const paths = use(openExt(source), (error) => {
    throw error;
  });
  return { reads: source.reads, paths };
}

test("whichever read fails, that error comes out and the rest is still there", () => {
  const { reads, paths } = counted();
  for (let failing = 1; failing <= reads; failing++) {
    const source = new FailingSource(bytes, failing);
    const errors: NomountError[] = [];
    let found = 0;
    try {
      const fileSystem = openExt(source);
      found = use(fileSystem, (error) => errors.push(error));
      fileSystem.close();
    } catch (error) {
      expect(error).toBeInstanceOf(SourceError);
      errors.push(error as SourceError);
    }
    // A page of the cache that failed is tried again by the sector, and then there is nothing to say.
    for (const error of errors) expect(error.message).toContain("read failed as told");
    if (errors.length === 0) expect(found).toBe(paths);
  }
});

test("a source that has died ends it with that word", () => {
  const { reads } = counted();
  for (let failing = 1; failing <= reads; failing += 3) {
    const source = new FailingSource(bytes, failing, true);
    expect(() => use(openExt(source), () => {})).toThrow(/read failed as told/);
  }
});

test("an error that is none of nomount's passes through as it is", () => {
  const source = new FailingSource(bytes, -1);
  const fileSystem = openExt(source);
  source.readSync = () => {
    throw new TypeError("a bug");
  };
  expect(() => fileSystem.node(150)).toThrow(TypeError);
});
