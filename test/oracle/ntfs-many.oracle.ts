import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ntfs } from "../../src/filesystem/ntfs/driver.ts";
import { resolvePath } from "../../src/filesystem/path.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { scratchFolder } from "../support/fixture.ts";
import { toolOutput } from "../support/tool-output.ts";
import { describeIf, has, isRoot } from "../support/tools.ts";

const IMAGE_BYTES = 600 * 1024 * 1024;
const FILES = 100_000;

class CountingFile implements BlockSource {
  readonly label = "many.img";
  readonly sizeBytes = IMAGE_BYTES;
  reads = 0;
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "r");
  }

  readSync(into: Uint8Array, offsetBytes: number): void {
    this.reads += 1;
    if (readSync(this.#file, into, 0, into.length, offsetBytes) !== into.length) throw new Error("short read");
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<void> {
    this.readSync(into, offsetBytes);
  }

  close(): void {
    closeSync(this.#file);
  }
}

describeIf(
  isRoot && has("mkntfs", "ntfs-3g", "7zz"),
  "root, mkntfs, ntfs-3g and 7zz are needed",
  "100,000 files in one directory",
  () => {
    const scratch = scratchFolder();

    test("one is found by a handful of reads; listing gives each once, as 7-Zip counts them", () => {
      const image = join(scratch.path, "many.img");
      const top = scratch.path;
      toolOutput("truncate", ["-s", String(IMAGE_BYTES), image]);
      toolOutput("mkntfs", ["-q", "-Q", "-F", "-p", "0", "-H", "255", "-S", "63", image]);
      toolOutput("mkdir", [`${top}/mount`]);
      toolOutput("ntfs-3g", ["-o", "noatime", image, `${top}/mount`]);
      try {
        toolOutput("mkdir", [`${top}/mount/many`]);
        for (let i = 0; i < FILES; i++) {
          // In no order of names, so that neither $MFT nor the index lies in it.
          const number = String((i * 48_271) % 100_003).padStart(6, "0");
          writeFileSync(`${top}/mount/many/file number ${number} with a name.txt`, `${number}\n`);
        }
      } finally {
        toolOutput("umount", [`${top}/mount`]);
      }
      const source = new CountingFile(image);
      const fileSystem = ntfs.open(source);
      const { id } = resolvePath(fileSystem, "/many").node;
      fileSystem.lookup(id, "warms up what every lookup needs");
      source.reads = 0;
      const entry = fileSystem.lookup(id, "FILE number 012345 with a name.TXT");
      expect(entry?.name).toBe("file number 012345 with a name.txt");
      expect(source.reads, "three levels of the index, and the record").toBeLessThanOrEqual(8);
      source.reads = 0;
      expect(fileSystem.lookup(id, "nothing of that name")).toBeUndefined();
      expect(source.reads, "three levels of the index").toBeLessThanOrEqual(6);

      source.reads = 0;
      const names = new Set<string>();
      const damaged = (error: Error): never => {
        throw error;
      };
      let bytes = 0;
      for (const { name, id: file } of fileSystem.list(id, damaged)) {
        names.add(name);
        bytes += fileSystem.node(file).sizeBytes;
      }
      expect(names.size).toBe(FILES);
      expect(bytes).toBe(FILES * 7);
      expect(source.reads, "the index at once, $MFT in pieces of a megabyte").toBeLessThan(200);
      const listing = toolOutput("7zz", ["l", "-ba", image]).toString();
      expect(listing.split("\n").filter((line) => line.includes("with a name.txt"))).toHaveLength(FILES);
      source.close();
    });
  },
);
