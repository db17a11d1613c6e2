import { expect, test } from "vitest";
import { NomountError, SourceError } from "../../../../src/error.ts";
import { recover } from "../../../../src/filesystem/ext/journal/recover.ts";
import { readSuperblock } from "../../../../src/filesystem/ext/superblock.ts";
import type { BlockSource } from "../../../../src/source/block-source.ts";
import { MemorySource } from "../../../../src/source/memory.ts";
import { fixtureBytes } from "../../../support/fixture.ts";
import { journalFixtures } from "../../../support/journal-fixture.ts";

const inOneFile = journalFixtures.filter((name) => name !== "journal-external");

/** A source whose read number `failing` (from 0) fails, and none other. */
function failing(bytes: Uint8Array, number: number, fatal: boolean): BlockSource & { reads: number } {
  const inner = new MemorySource(bytes, "disk");
  return {
    label: "disk",
    sizeBytes: inner.sizeBytes,
    reads: 0,
    readSync(into, offsetBytes) {
      if (this.reads++ === number) {
        throw new SourceError("the read was made to fail", { label: "disk", offsetBytes, lengthBytes: into.length }, { fatal });
      }
      inner.readSync(into, offsetBytes);
    },
    read: (into, offsetBytes) => inner.read(into, offsetBytes),
    close: () => {},
  };
}

test.each(inOneFile)("%s: whichever read of the recovery fails, it is said, and nothing else comes out", (name) => {
  const bytes = new Uint8Array(fixtureBytes(name));
  const superblock = readSuperblock(new MemorySource(bytes));
  const whole = failing(bytes, -1, false);
  recover(whole, superblock).close();
  expect(whole.reads).toBeGreaterThan(5);
  const step = Math.max(1, Math.floor(whole.reads / 60));
  for (let number = 0; number < whole.reads; number += step) {
    let said: string | undefined;
    try {
      const recovery = recover(failing(bytes, number, false), superblock);
      said = recovery.journal?.summary;
      recovery.close();
    } catch (error) {
      expect(error).toBeInstanceOf(NomountError);
      said = String(error);
    }
    expect(said, `read ${number}`).toContain("the read was made to fail");
  }
});

test.each(inOneFile)("%s: a source that has died ends the opening with that word", (name) => {
  const bytes = new Uint8Array(fixtureBytes(name));
  const superblock = readSuperblock(new MemorySource(bytes));
  for (const number of [0, 3, 5]) {
    expect(() => recover(failing(bytes, number, true), superblock)).toThrow("the read was made to fail");
  }
});
