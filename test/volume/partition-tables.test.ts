import { describe, expect, test } from "vitest";
import { MappedSource } from "../../src/source/mapped.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { SliceSource } from "../../src/source/slice.ts";
import { sourceKinds } from "../support/every-source.ts";
import { fixtureBytes, scratchFolder } from "../support/fixture.ts";
import { goldenTable } from "../support/golden-table.ts";
import { asSfdisk, openTable } from "../support/open-table.ts";

const folder = scratchFolder();

const fixtures = ["mbr-logical", "mbr-extended-first", "mbr-4096", "gpt-named", "gpt-200-entries", "gpt-4096", "gpt-hybrid"];

describe.each(fixtures)("%s", (name) => {
  const golden = goldenTable(name);
  const bytes = fixtureBytes(name);
  const scheme = golden.table.label === "dos" ? "mbr" : "gpt";
  // An MBR does not tell its sector; a GPT does, and is not told.
  const given = scheme === "mbr" ? golden.sectorBytes : undefined;

  test("has the partitions that sfdisk prints", () => {
    const { table, warnings } = openTable(new MemorySource(bytes), given);
    expect(warnings).toEqual([]);
    expect(table).toMatchObject({ scheme, sectorBytes: golden.sectorBytes, uuid: golden.table.id, certain: true });
    const found = table.volumes.map((volume) => asSfdisk(volume, golden.sectorBytes, scheme));
    expect(found.sort((a, b) => a.number - b.number)).toEqual(
      [...(golden.table.partitions ?? [])].sort((a, b) => a.number - b.number),
    );
  });

  test("each begins and ends where it should", () => {
    const { table } = openTable(new MemorySource(bytes), given);
    for (const { name: volumeName, source, container } of table.volumes) {
      if (container) continue;
      const sector = new Uint8Array(golden.sectorBytes);
      const text = (offsetBytes: number): string => {
        source.readSync(sector, offsetBytes);
        return Buffer.from(sector).toString("latin1").split("\n")[0] ?? "";
      };
      if (source.sizeBytes > golden.sectorBytes) expect(text(0)).toBe(`${volumeName} first`);
      expect(text(source.sizeBytes - golden.sectorBytes)).toBe(`${volumeName} last`);
    }
  });

  test("through every kind of source", () => {
    const expected = openTable(new MemorySource(bytes), given).table.volumes;
    for (const { open } of sourceKinds) {
      const source = open(bytes, folder.path);
      const { volumes } = openTable(source, given).table;
      expect(volumes.map(({ name: n, startBytes, uuid }) => [n, startBytes, uuid])).toEqual(
        expected.map(({ name: n, startBytes, uuid }) => [n, startBytes, uuid]),
      );
      source.close();
    }
  });

  test("whichever read fails, that error comes out", () => {
    const count = new CountingSource(bytes);
    openTable(count, given);
    for (let n = 1; n <= count.reads; n++) {
      const failing = new CountingSource(bytes, n);
      try {
        // Only the check of a backup that is not needed may go on without its read.
        const { warnings } = openTable(failing, given);
        expect(warnings).toEqual([expect.stringContaining("the backup cannot be used")]);
      } catch (error) {
        expect(error).toBe(failing.failure);
      }
    }
  });
});

/** Fails its Nth read, once. */
class CountingSource extends MappedSource {
  reads = 0;
  readonly failure = new Error("the read failed");

  constructor(bytes: Uint8Array, failsAt = 0) {
    const memory = new MemorySource(bytes);
    super("counting", bytes.length, (offsetBytes, lengthBytes) => {
      this.reads += 1;
      if (this.reads === failsAt) throw this.failure;
      return [{ kind: "data", lengthBytes, source: memory, offsetBytes }];
    });
  }
}

describe("type names", () => {
  test("are those that fdisk prints", () => {
    const names = (name: string) => openTable(new MemorySource(fixtureBytes(name))).table.volumes.map(({ type }) => type?.name);
    expect(names("mbr-logical")).toEqual([
      "HPFS/NTFS/exFAT",
      "Non-FS data",
      "W95 Ext'd (LBA)",
      "Linux",
      "Linux swap / Solaris",
      "Linux LVM",
      "W95 FAT32 (LBA)",
    ]);
    expect(names("gpt-named")).toEqual(["BIOS boot", "EFI System", "Linux filesystem", "Linux LVM", "unknown"]);
  });
});

describe("a hybrid MBR", () => {
  test("is said, and the GPT rules", () => {
    const { table } = openTable(new MemorySource(fixtureBytes("gpt-hybrid")));
    expect(table.scheme).toBe("gpt");
    expect(table.notes).toEqual(["hybrid MBR: its slots 1, 2 are partitions too; the GPT rules"]);
  });

  test("of which the GPT is gone altogether is read as an MBR", () => {
    const bytes = Uint8Array.from(fixtureBytes("gpt-hybrid"));
    bytes.fill(0, 512, 512 * 40);
    bytes.fill(0, bytes.length - 512 * 33);
    const { table } = openTable(new MemorySource(bytes));
    expect(table.scheme).toBe("mbr");
    expect(table.volumes.map(({ name, type }) => [name, type?.id])).toEqual([
      ["p1", "0x07"],
      ["p2", "0x83"],
      ["p3", "0xee"],
    ]);
  });
});

describe("a truncated image", () => {
  test("keeps its partitions, and each that reaches past the end is named", () => {
    const bytes = fixtureBytes("mbr-logical").subarray(0, 512 * 3500);
    const { table, warnings } = openTable(new MemorySource(bytes, "cut.img"));
    expect(table.volumes.map(({ name }) => name)).toEqual(["p1", "p3", "p4", "p5", "p6", "p7"]);
    expect(warnings).toEqual([
      "mbr: p4 reaches past the end of cut.img: it takes bytes 512000 to 3584000, of 1792000",
      "mbr: p7 reaches past the end of cut.img: it takes bytes 1536000 to 2560000, of 1792000",
      "mbr: p4: extended boot record at sector 5999 lies beyond the end; logical partitions after it cannot be found (cut.img, byte 0x2ede00)",
    ]);
  });

  test("of a GPT disk says that the backup is gone", () => {
    const { table, warnings } = openTable(new MemorySource(fixtureBytes("gpt-named").subarray(0, 512 * 1500), "cut.img"));
    expect(table.volumes).toHaveLength(5);
    expect(warnings[0]).toBe(
      "gpt: the backup cannot be used, the primary is: gpt: header: it lies beyond the end at byte 768000 (cut.img, byte 0x3ffe00)",
    );
    expect(warnings.slice(1).map((text) => text.slice(0, 25))).toEqual([
      "gpt: p5 lies beyond the e",
      "gpt: p7 reaches past the ",
      "gpt: p128 lies beyond the",
    ]);
  });
});

test("a table inside a partition counts from the start of that partition", () => {
  const outer = new Uint8Array(8 << 20);
  outer.set(fixtureBytes("mbr-logical"), 1 << 20);
  const { table } = openTable(new SliceSource(new MemorySource(outer), 1 << 20, 4 << 20, "p1"));
  const p5 = table.volumes.find(({ name }) => name === "p5");
  const sector = new Uint8Array(512);
  p5?.source.readSync(sector, 0);
  expect(Buffer.from(sector.subarray(0, 8)).toString()).toBe("p5 first");
});
