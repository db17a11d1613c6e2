import { describe, expect, test } from "vitest";
import { MemorySource } from "../../../src/source/memory.ts";
import { volumeGroup } from "../../../src/volume/lvm2/group.ts";
import { readLabel } from "../../../src/volume/lvm2/label.ts";
import { lvm2Driver } from "../../../src/volume/lvm2/lvm2.ts";
import { currentText } from "../../../src/volume/lvm2/metadata-area.ts";
import { parseConfig } from "../../../src/volume/lvm2/text.ts";
import { contentOf, lvm2Golden, openLvm2, partitions, volumeNamed } from "../../support/lvm2.ts";

const linear = partitions("lvm2-linear");
const LINEAR = "vg-linear.1_x";

describe("a group is put together", () => {
  const golden = lvm2Golden("lvm2-linear").groups[0];
  const { tables } = openLvm2(linear);
  const [table] = tables;

  test("with the UUIDs, sizes and permissions that lvs and vgs give", () => {
    expect(table?.uuid).toBe(golden?.vg["vg_uuid"]);
    const found = table?.volumes.map(({ name, uuid, source, flags }) => ({
      lv_full_name: name,
      lv_uuid: uuid,
      lv_size: String(source.sizeBytes),
      lv_permissions: flags.includes("read-only") ? "read-only" : "writeable",
    }));
    const wanted = golden?.lvs.map(({ lv_full_name, lv_uuid, lv_size, lv_permissions }) => ({
      lv_full_name,
      lv_uuid,
      lv_size,
      lv_permissions,
    }));
    expect(found?.sort(byName)).toEqual(wanted?.sort(byName));
  });

  test("with the segments that lvs --segments gives", () => {
    for (const volume of table?.volumes ?? []) {
      const name = volume.name.split("/")[1];
      const lines = volume.details?.().filter((detail) => detail.name === "segment");
      const wanted = golden?.segments
        .filter((segment) => segment["lv_name"] === name)
        .sort((a, b) => Number(a["seg_start_pe"]) - Number(b["seg_start_pe"]))
        .map((segment) => {
          const [start, size] = [Number(segment["seg_start_pe"]), Number(segment["seg_size_pe"])];
          const devices = segment["devices"]?.replace(/\/dev\/loop(\d)/g, "pv$1");
          return `extents ${start} to ${start + size - 1}, linear, on ${devices}`;
        });
      expect(lines?.map(({ value }) => value)).toEqual(wanted);
    }
  });

  test.each(["lvm2-linear", "lvm2-snapshot", "lvm2-thin", "lvm2-raid", "lvm2-mirror"])(
    "%s is described on disk as by vgcfgbackup",
    (name) => {
      const [disk] = partitions(name);
      if (disk === undefined) throw new Error(`${name} has no partitions`);
      const [area] = readLabel(disk).metadataAreas;
      const raw = area === undefined ? undefined : currentText(disk, area);
      const facts = (bytes: Uint8Array | undefined) => {
        const group = volumeGroup(parseConfig(bytes ?? new Uint8Array(), name));
        const volumes = [...group.logicalVolumes.values()].map(({ segments, ...rest }) => ({
          ...rest,
          segments: segments.map(({ fields, ...own }) => ({
            ...own,
            parts: fields.namesIn(["stripes", "raids", "mirrors", "pool"]),
          })),
        }));
        return { ...group, logicalVolumes: volumes, description: undefined, creationTime: undefined };
      };
      const backup = facts(new TextEncoder().encode(lvm2Golden(name).groups[0]?.vgcfgbackup));
      expect(facts(raw?.bytes)).toEqual(backup);
    },
  );

  test("in whatever order its physical volumes come, and from any of those that carry metadata", () => {
    for (const order of [
      [2, 1, 0],
      [1, 0, 2],
      [2, 0, 1],
    ]) {
      const { tables: again } = openLvm2(order.map((i) => linear[i] ?? new MemorySource(new Uint8Array())));
      expect(again[0]?.volumes.map(({ source }) => contentOf(source))).toEqual(
        table?.volumes.map(({ source }) => contentOf(source)),
      );
    }
  });

  test("a label is found in any of the first four sectors, and nowhere in anything else", () => {
    expect(linear.map((source) => lvm2Driver.probe(source, { sectorBytes: undefined }))).toEqual([true, true, true]);
    expect(lvm2Driver.probe(new MemorySource(new Uint8Array(5000)), { sectorBytes: undefined })).toBe(false);
    expect(lvm2Driver.probe(new MemorySource(new Uint8Array(100)), { sectorBytes: undefined })).toBe(false);
  });
});

describe("with physical volumes missing", () => {
  const missing =
    /^lvm2: vg-linear\.1_x: physical volume pv2 \(id [\w-]{38}, last seen as \/dev\/loop2\) is missing; name its device too with --pv$/;

  test("volumes that lie wholly on the others are whole", () => {
    const golden = lvm2Golden("lvm2-linear").groups[0];
    const { tables, warnings } = openLvm2(linear.slice(0, 2));
    expect(warnings).toEqual([]);
    expect(tables[0]?.missing?.map(({ message }) => message)).toEqual([expect.stringMatching(missing)]);
    const home = volumeNamed(tables, `${LINEAR}/ho-me.x`);
    expect(home.flags).toEqual([]);
    expect(contentOf(home.source)).toEqual(golden?.contents["ho-me.x"]);
  });

  test("what lies on the missing one says so, and only that", () => {
    const { tables } = openLvm2(linear.slice(0, 2));
    const root = volumeNamed(tables, `${LINEAR}/root`);
    expect(root.flags).toEqual(["partial"]);
    const sector = new Uint8Array(512);
    root.source.readSync(sector, 4 * 65536);
    expect(new TextDecoder().decode(sector.subarray(0, 16))).toBe("root  000000200\n");
    expect(() => root.source.readSync(sector, 5 * 65536)).toThrow(missing);
  });

  test("a physical volume without metadata is not enough", () => {
    expect(openLvm2(linear.slice(2))).toEqual({ tables: [], warnings: [] });
  });
});

describe("groups of one name, or one origin", () => {
  test("are told apart by UUID", () => {
    const twins = lvm2Golden("lvm2-twin").twins ?? [];
    const { tables } = openLvm2(partitions("lvm2-twin"));
    expect(tables.map(({ uuid }) => uuid)).toEqual(twins.map(({ uuid }) => uuid));
    for (const { uuid, data } of twins) {
      expect(contentOf(volumeNamed(tables, `twin@${uuid.slice(0, 6)}/data`).source)).toEqual(data);
    }
  });

  test("copies of all physical volumes make groups of their own, by the disk they are on", () => {
    const clone = partitions("lvm2-linear");
    const disks = new Map([
      ...linear.map((source) => [source, "a"] as const),
      ...clone.map((source) => [source, "b"] as const),
    ]);
    const root = { a: new MemorySource(new Uint8Array()), b: new MemorySource(new Uint8Array()) };
    const mixed = [linear[0], clone[0], clone[1], linear[1], linear[2], clone[2]].filter((source) => source !== undefined);
    const { tables, warnings } = openLvm2(mixed, {
      around: (source) => ({ root: root[disks.get(source) ?? "a"], volumes: [] }),
    });
    expect(warnings).toEqual([]);
    expect(tables.map(({ sources }) => sources)).toEqual([linear, clone]);
  });
});

describe("older texts", () => {
  test("are listed with what was done, oldest first", () => {
    const [table] = openLvm2(linear).tables;
    const history = table?.history?.() ?? [];
    const first = history[0]?.seqno ?? 0;
    expect(first).toBeGreaterThan(1);
    expect(history.map(({ seqno }) => seqno)).toEqual(history.map((_, i) => first + i));
    expect(history.at(-1)?.description).toBe("Write from lvchange -qq --addtag t3 vg-linear.1_x/root.");
    expect(history.at(-1)?.volumes).toEqual(["root", "ho-me.x", "empty"]);
    expect(history.some(({ volumes }) => volumes.includes("gone"))).toBe(true);
  });

  test("open the group as it was: a removed volume is there again", () => {
    const history = openLvm2(linear).tables[0]?.history?.() ?? [];
    const before = history.filter(({ volumes }) => volumes.includes("gone")).at(-1);
    const { tables } = openLvm2(linear, { atSeqno: { seqno: before?.seqno ?? 0, group: undefined } });
    const gone = volumeNamed(tables, `${LINEAR}/gone`);
    const first = new Uint8Array(16);
    gone.source.readSync(first, 3 * 65536);
    expect(new TextDecoder().decode(first)).toBe("gone  000000180\n");
  });

  test("a seqno that no ring holds is refused where the group was named, and warned of where it was not", () => {
    const message = "lvm2: vg-linear.1_x: no metadata text with seqno 1000: the newest is 23; info --history lists the others";
    expect(() => openLvm2(linear, { atSeqno: { seqno: 1000, group: LINEAR } })).toThrow(message);
    expect(openLvm2(linear, { atSeqno: { seqno: 1000, group: undefined } }).warnings).toEqual([message]);
    expect(openLvm2(linear, { atSeqno: { seqno: 1000, group: "other" } }).warnings).toEqual([]);
  });
});

function byName(a: { lv_full_name?: string | undefined }, b: { lv_full_name?: string | undefined }): number {
  return (a.lv_full_name ?? "") < (b.lv_full_name ?? "") ? -1 : 1;
}
