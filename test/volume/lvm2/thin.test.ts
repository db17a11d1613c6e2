import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openPool } from "../../../src/volume/lvm2/thin/pool.ts";
import { openLvm2, partitions, volumeNamed } from "../../support/lvm2.ts";
import { repositoryFolder } from "../../support/repository.ts";

const { tables } = openLvm2(partitions("lvm2-thin"));

/** What thin_dump says of one device: virtual block, data block and length of every run, times aside. */
interface DumpedDevice {
  readonly id: number;
  readonly mappedBlocks: number;
  readonly runs: readonly (readonly [virtualBlock: number, dataBlock: number, blocks: number])[];
}

function thinDump(name: string): readonly DumpedDevice[] {
  const xml = gunzipSync(readFileSync(join(repositoryFolder, "fixtures", `${name}.xml.gz`))).toString();
  return [...xml.matchAll(/<device dev_id="(\d+)" mapped_blocks="(\d+)"[\s\S]*?<\/device>/g)].map(([text, id, mapped]) => ({
    id: Number(id),
    mappedBlocks: Number(mapped),
    runs: merged(
      [...text.matchAll(/<(single|range)_mapping ([^/]*)\/>/g)].map(([, kind, attributes = ""]) => {
        const value = (key: string) => Number(new RegExp(`${key}="(\\d+)"`).exec(attributes)?.[1] ?? 1);
        return kind === "single"
          ? [value("origin_block"), value("data_block"), 1]
          : [value("origin_begin"), value("data_begin"), value("length")];
      }),
    ),
  }));
}

/** thin_dump ends runs where the time changes. */
function merged(runs: readonly (readonly number[])[]): (readonly [number, number, number])[] {
  const out: [number, number, number][] = [];
  for (const [virtualBlock = 0, dataBlock = 0, blocks = 0] of runs) {
    const last = out.at(-1);
    if (last !== undefined && last[0] + last[2] === virtualBlock && last[1] + last[2] === dataBlock) last[2] += blocks;
    else out.push([virtualBlock, dataBlock, blocks]);
  }
  return out;
}

describe.each(["pool", "odd"])("the mappings of %s are those of thin_dump", (name) => {
  const data = volumeNamed(tables, `tp/${name}_tdata`).source;
  const pool = openPool(volumeNamed(tables, `tp/${name}_tmeta`).source, data.sizeBytes);

  test.each(thinDump(`lvm2-thin-${name}`))("device $id", ({ id, mappedBlocks, runs }) => {
    expect(pool.mappedBlocks(id)).toBe(mappedBlocks);
    expect([...pool.runs(id, 0, 2 ** 40)].map((run) => [run.virtualBlock, run.data, run.blocks])).toEqual(runs);
    for (const from of [0, 1, 63, 64, 500, 1023]) {
      const [first] = pool.runs(id, from, 2 ** 40);
      const expected = runs.find(([virtualBlock, , blocks]) => virtualBlock + blocks > from);
      const skipped = Math.max(0, from - (expected?.[0] ?? 0));
      expect(first?.virtualBlock).toBe(expected === undefined ? undefined : expected[0] + skipped);
      expect(first?.data).toBe(expected === undefined ? undefined : expected[1] + skipped);
    }
  });

  test("a device that the pool does not have has no mappings", () => {
    expect(pool.mappedBlocks(99)).toBeUndefined();
    expect(() => [...pool.runs(99, 0, 1)]).toThrow("lvm2: thin pool: it has no device 99 (tp/");
  });
});

test("details tell how much is mapped, and where volumes come from", () => {
  const told = (name: string) =>
    Object.fromEntries(
      volumeNamed(tables, name)
        .details?.()
        .map((d) => [d.name, d.value]) ?? [],
    );
  expect(told("tp/big")["thin"]).toBe("device 1 of pool, 591 of 1024 chunks of 65536 bytes mapped (57.71 %)");
  expect(told("tp/over")["origin"]).toBe("ext");
  expect(volumeNamed(tables, "tp/big-snap2")).toMatchObject({ snapshotOf: "big-snap", flags: ["snapshot of big-snap"] });
  expect(volumeNamed(tables, "tp/pool")).toMatchObject({ container: true, hidden: false });
  expect(volumeNamed(tables, "tp/pool_tmeta")).toMatchObject({ container: true, hidden: true });
});
