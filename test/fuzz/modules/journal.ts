import { extDriver } from "../../../src/filesystem/ext/ext.ts";
import { CachedSource } from "../../../src/source/cached.ts";
import type { FuzzModule } from "../fuzz-module.ts";
import { journalOriginal } from "../journal-originals.ts";
import { fixture } from "../originals.ts";
import { useFileSystem } from "../use-file-system.ts";
import { ext2fsWasm } from "../wasm.ts";

const dirty = ["journal-ordered", "journal-data", "journal-checksum-1", "journal-fast-commit", "journal-orphans"];
const driver = extDriver(ext2fsWasm);

/** Journals of ext: whatever they hold is replayed, or named; and what it makes of the filesystem is read like any other. */
export const fuzz: FuzzModule = {
  name: "journal",
  originals: () => dirty.map((name) => journalOriginal(name, fixture(name))),
  run({ source, random }) {
    const cached = new CachedSource(source);
    if (!driver.probe(cached)) return;
    const fileSystem = driver.open(cached, { replay: random.chance(0.95) });
    try {
      const { journal } = fileSystem.state;
      if (journal !== undefined && (journal.summary === "" || /NaN|undefined/.test(journal.summary))) {
        throw new Error(`the journal's state is ${journal.summary}`);
      }
      useFileSystem(fileSystem, random);
    } finally {
      fileSystem.close();
    }
  },
};
