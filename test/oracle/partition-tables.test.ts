import { closeSync, existsSync, ftruncateSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openSource } from "../../src/source/file/open-source.ts";
import { corpusImage, hasCorpus } from "../support/corpus.ts";
import { scratchFolder } from "../support/fixture.ts";
import type { SfdiskPartition, SfdiskTable } from "../support/golden-table.ts";
import { asSfdisk, openTable } from "../support/open-table.ts";
import { toolOutput } from "../support/tool-output.ts";
import { describeIf, describeWith } from "../support/tools.ts";

const folder = scratchFolder();
const DISK_SECTORS = 40_000;

/** Makes a disk of what the script says to sfdisk, and asks both what is on it. */
async function compare(script: string): Promise<void> {
  // sfdisk syncs what it writes, which memory makes quick.
  const path = existsSync("/dev/shm") ? `/dev/shm/nomount-test-${process.pid}.img` : join(folder.path, "random.img");
  rmSync(path, { force: true });
  const fd = openSync(path, "w");
  ftruncateSync(fd, DISK_SECTORS * 512);
  closeSync(fd);
  toolOutput("sfdisk", ["-q", "--no-tell-kernel", path], Buffer.from(script));
  const expected = sfdiskOf(path);
  const source = await openSource(path);
  const { table, warnings } = openTable(source);
  const found = table.volumes.map((volume) => asSfdisk(volume, 512, table.scheme === "gpt" ? "gpt" : "mbr")).sort(byNumber);
  source.close();
  rmSync(path);
  expect(warnings, script).toEqual([]);
  expect({ script, uuid: table.uuid, found }).toEqual({ script, uuid: expected.id, found: expected.partitions });
}

function sfdiskOf(path: string): SfdiskTable {
  const { partitiontable }: { partitiontable: SfdiskTable } = JSON.parse(toolOutput("sfdisk", ["--json", path]).toString());
  const partitions = (partitiontable.partitions ?? []).map(({ node = "", ...rest }) => ({
    ...rest,
    number: Number(node.slice(path.length)),
  }));
  return { ...partitiontable, partitions: partitions.sort(byNumber) };
}

function byNumber(a: SfdiskPartition, b: SfdiskPartition): number {
  return a.number - b.number;
}

const gapAndSize = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 900 }));

const mbrScript = fc
  .record({
    id: fc.integer({ min: 1, max: 0xffffffff }),
    primaries: fc.array(fc.tuple(gapAndSize, fc.constantFrom("7", "83", "c", "fd", "ef"), fc.boolean()), {
      maxLength: 3,
    }),
    extendedSlot: fc.constantFrom(undefined, 1, 2, 3, 4),
    extendedFirst: fc.boolean(),
    extendedType: fc.constantFrom("5", "f", "85"),
    logicals: fc.array(gapAndSize, { minLength: 1, maxLength: 12 }),
  })
  .map(({ id, primaries, extendedSlot, extendedFirst, extendedType, logicals }) => {
    const lines = ["label: dos", `label-id: 0x${id.toString(16).padStart(8, "0")}`];
    let at = 1;
    const takeExtended = (): void => {
      if (extendedSlot === undefined) return;
      const start = at + 10;
      let inside = start;
      const inner: string[] = [];
      for (const [i, [gap, size]] of logicals.entries()) {
        inside += gap + 1;
        inner.push(`${5 + i}: start=${inside}, size=${size}, type=83`);
        inside += size;
      }
      at = inside + 5;
      lines.push(`${extendedSlot}: start=${start}, size=${at - start}, type=${extendedType}`, ...inner);
    };
    if (extendedFirst) takeExtended();
    const slots = [1, 2, 3, 4].filter((slot) => slot !== extendedSlot);
    for (const [i, [[gap, size], type, active]] of primaries.entries()) {
      at += gap;
      lines.push(`${slots[i]}: start=${at}, size=${size}, type=${type}${active ? ", bootable" : ""}`);
      at += size;
    }
    if (!extendedFirst) takeExtended();
    return `${lines.join("\n")}\n`;
  });

const gptPartition = (count: number) =>
  fc.record({
    number: fc.integer({ min: 1, max: count }),
    place: gapAndSize,
    uuid: fc.uuid(),
    name: fc.stringMatching(/^[ -!#-[\]-~]{0,36}$/),
    bits: fc.subarray([0, 1, 2, 48, 55, 63]),
  });

const ATTRIBUTES = ["RequiredPartition", "NoBlockIOProtocol", "LegacyBIOSBootable"];

const gptScript = fc
  .tuple(fc.uuid(), fc.constantFrom(128, 128, 4, 200, 1024))
  .chain(([id, count]) =>
    fc.tuple(
      fc.constant(id),
      fc.constant(count),
      fc.uniqueArray(gptPartition(count), { maxLength: Math.min(count, 9), selector: ({ number }) => number }),
    ),
  )
  .map(([id, count, partitions]) => {
    const lines = ["label: gpt", `label-id: ${id.toUpperCase()}`, `table-length: ${count}`, "first-lba: 300"];
    let at = 300;
    for (const {
      number,
      place: [gap, size],
      uuid,
      name,
      bits,
    } of partitions) {
      at += gap;
      const typeBits = bits.filter((bit) => bit > 2);
      const attributes = bits.filter((bit) => bit <= 2).map((bit) => ATTRIBUTES[bit]);
      if (typeBits.length > 0) attributes.push(`GUID:${typeBits.join(",")}`);
      const options = [
        `start=${at}`,
        `size=${size}`,
        "type=0FC63DAF-8483-4772-8E79-3D69D8477DE4",
        `uuid=${uuid.toUpperCase()}`,
      ];
      if (name.trim() !== "") options.push(`name="${name}"`);
      if (attributes.length > 0) options.push(`attrs="${attributes.join(" ")}"`);
      lines.push(`${number}: ${options.join(", ")}`);
      at += size;
    }
    return `${lines.join("\n")}\n`;
  });

describeWith(["sfdisk"], "tables that sfdisk makes at random", () => {
  test("MBR: the same partitions, numbers, types and flags", async () => {
    await fc.assert(fc.asyncProperty(mbrScript, compare), { numRuns: 12 });
  });

  test("GPT: the same partitions, names and attributes", async () => {
    await fc.assert(fc.asyncProperty(gptScript, compare), { numRuns: 8 });
  });
});

describe("tables from elsewhere", () => {
  const known = [
    [
      "mbr-extended-before-primary.img",
      [
        ["p1", 1, 1024, "0x05"],
        ["p2", 1025, 2047, "0x83"],
        ["p5", 2, 512, "0x83"],
        ["p6", 514, 1024, "0x83"],
      ],
    ],
    ["mbr-ext4-all-inode-types.img", [["p1", 2048, 16383, "0x83"]]],
    [
      "gpt-hybrid-head.img",
      [
        ["p1", 2048, 3072, "0FC63DAF-8483-4772-8E79-3D69D8477DE4"],
        ["p2", 34, 2047, "0FC63DAF-8483-4772-8E79-3D69D8477DE4"],
        ["p3", 3073, 4062, "0FC63DAF-8483-4772-8E79-3D69D8477DE4"],
      ],
    ],
  ] as const;
  for (const [name, expected] of known) {
    describeIf(hasCorpus(name), "no corpus", name, () => {
      test("first and last sectors are the known ones", async () => {
        const source = await openSource(corpusImage(name, folder.path));
        const { table } = openTable(source);
        source.close();
        const found = table.volumes.map(({ name: volume, startBytes = 0, source: { sizeBytes }, type }) => [
          volume,
          startBytes / 512,
          (startBytes + sizeBytes) / 512 - 1,
          type?.id,
        ]);
        expect(found).toEqual(expected);
      });
    });
  }
});
