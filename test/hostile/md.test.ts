import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/source/memory.ts";
import { mdSuperblock1 } from "../../src/volume/md/layout.ts";
import { contentOf, partitions } from "../support/lvm2.ts";
import { mdGolden, openMd } from "../support/md.ts";

const SUPERBLOCK_AT = 4096;
const array = mdGolden("md-levels").find(({ name }) => name === "five");
const disks = partitions("md-levels");
const originals = (array?.members ?? []).map((number) => {
  const source = disks[number - 1];
  const bytes = new Uint8Array(source?.sizeBytes ?? 0);
  source?.readSync(bytes, 0);
  return bytes;
});

type Field = Parameters<typeof mdSuperblock1.offsetOf>[0];

/** The devices of a raid5 with fields of their superblocks changed; all of them, or the first only. */
function changed(values: Readonly<Partial<Record<Field, number | bigint>>>, { all = true, checksum = true } = {}) {
  return originals.map((original, i) => {
    const bytes = Uint8Array.from(original);
    if (all || i === 0) {
      const view = new DataView(bytes.buffer, SUPERBLOCK_AT);
      for (const [field, value] of Object.entries(values)) {
        const at = mdSuperblock1.offsetOf(field as Field);
        if (typeof value === "bigint") view.setBigUint64(at, value, true);
        else view.setUint32(at, value >>> 0, true);
      }
      if (checksum) seal(view);
    }
    return new MemorySource(bytes, `disk${i}`);
  });
}

/** As the kernel's calc_sb_1_csum. */
function seal(view: DataView): void {
  const at = mdSuperblock1.offsetOf("checksum");
  view.setUint32(at, 0, true);
  let sum = 0n;
  const roles = view.getUint32(mdSuperblock1.offsetOf("roleCount"), true);
  for (let i = 0; i < mdSuperblock1.sizeBytes + Math.min(roles, 384) * 2; i += 4) sum += BigInt(view.getUint32(i, true));
  view.setUint32(at, Number((sum & 0xffffffffn) + (sum >> 32n)), true);
}

/** What is said: warnings, and the error of the first read. */
function saidOf(sources: readonly MemorySource[]): string {
  const { tables, warnings } = openMd(sources);
  const said = [...warnings];
  for (const { volumes, details } of tables) {
    details?.();
    for (const { source, details: told } of volumes) {
      told?.();
      try {
        contentOf(source);
      } catch (error) {
        said.push(String(error));
      }
    }
  }
  return said.join("\n");
}

describe("superblocks of a real raid5, changed", () => {
  test("are as they were when nothing is changed", () => {
    const { tables } = openMd(changed({}));
    expect(contentOf(tables[0]?.volumes[0]?.source ?? expect.fail())).toEqual(array?.content);
  });

  test.each([
    ["checksum mismatch", { level: 1 }, { checksum: false }],
    ["an array of 4294967295 devices", { raidDisks: 0xffffffff }, {}],
    ["an array of 0 devices", { raidDisks: 0 }, {}],
    ["roles of 60000 devices", { roleCount: 60_000 }, {}],
    ["size 0x.* is out of range", { sizeSectors: 1n << 60n }, {}],
    ["data offset 0x.* is out of range", { dataOffsetSectors: 1n << 62n }, {}],
    ["level 5 with layout 77", { layout: 77 }, {}],
    ["level 7 is not read", { level: 7 }, {}],
    ["chunks of 0 bytes", { chunkSectors: 0 }, {}],
    ["bytes for data: 512000000 are needed", { sizeSectors: 1_000_000n }, {}],
    ["a reshape was under way", { features: 4 }, {}],
    ["raid10 with layout 0x0 over 4 devices", { level: 10, layout: 0 }, {}],
  ] as const)("%s", (message, values, how) => {
    expect(saidOf(changed(values, how))).toMatch(new RegExp(message));
  });

  test("one that is damaged costs its device alone", () => {
    const { tables, warnings } = openMd(changed({ level: 1 }, { all: false, checksum: false }));
    expect(warnings.join()).toMatch(
      /md: superblock 1.2: checksum mismatch: expected 0x[0-9a-f]{8}, found 0x[0-9a-f]{8} \(disk0/,
    );
    expect(contentOf(tables[0]?.volumes[0]?.source ?? expect.fail())).toEqual(array?.content);
  });

  test("devices in the wrong places by their numbers are refused or read, and nothing breaks", () => {
    for (let number = 0; number < 8; number++) saidOf(changed({ deviceNumber: number }, { all: false }));
  });

  test("data that begins past the end of the device is an error of the read", () => {
    expect(saidOf(changed({ dataOffsetSectors: 1n << 40n }))).toMatch(/disk\d/);
  });
});
