import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FileSystem, OpenOptions } from "../../src/filesystem/file-system.ts";
import { walk } from "../../src/filesystem/walk.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { SliceSource } from "../../src/source/slice.ts";
import { driver, type RecordedEntry } from "./ext-fixture.ts";
import { fixtureBytes } from "./fixture.ts";
import { repositoryFolder } from "./repository.ts";

/** Filesystems as crashes left them: `fixtures/journal.sh` made them, and recorded what the kernel recovers. */
export const journalFixtures = [
  "journal-ordered",
  "journal-data",
  "journal-checksum-1",
  "journal-fast-commit",
  "journal-external",
  "journal-orphans",
] as const;

export type JournalFixture = (typeof journalFixtures)[number];

export interface JournalGolden {
  /** Where an external journal begins. */
  readonly filesystemBytes?: number;
  /** When the kernel's recovery ran: it stamps what it changes. */
  readonly mountedNs: readonly [string, string];
  readonly freeBlocks: number;
  readonly freeInodes: number;
  readonly entries: readonly RecordedEntry[];
}

export function journalGolden(name: JournalFixture): JournalGolden {
  return JSON.parse(readFileSync(join(repositoryFolder, "fixtures", `${name}.json`), "utf8")) as JournalGolden;
}

export interface OpenedFixture {
  readonly fileSystem: FileSystem;
  /** The whole image, as it is after whatever was done. */
  readonly image: Uint8Array;
  readonly root: MemorySource;
}

/** Opens a fixture, its journal beside it where it is external, after `change` has had its bytes. */
export function openJournalFixture(
  name: JournalFixture,
  options: OpenOptions = {},
  change: (image: Uint8Array) => void = () => {},
): OpenedFixture {
  const image = new Uint8Array(fixtureBytes(name));
  change(image);
  const root = new MemorySource(image, `${name}.img`);
  const { filesystemBytes } = journalGolden(name);
  if (filesystemBytes === undefined) return { fileSystem: driver.open(root, options), image, root };
  const journal = new SliceSource(root, filesystemBytes, image.length - filesystemBytes, "journal.img");
  const source = new SliceSource(root, 0, filesystemBytes, root.label);
  return { fileSystem: driver.open(source, { journal, ...options }), image, root };
}

export function pathsOf(fileSystem: FileSystem): string[] {
  const paths: string[] = [];
  for (const { path } of walk(fileSystem, fileSystem.node(fileSystem.root), () => {})) paths.push(path);
  return paths;
}
