import { describe, expect, test, vi } from "vitest";
import type { NomountError, Warn } from "../../src/error.ts";
import type { Content, Place } from "../../src/image/image.ts";
import { openImage } from "../../src/image/open-image.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { SliceSource } from "../../src/source/slice.ts";
import { volumeDrivers } from "../../src/volume/drivers.ts";
import { bootRecord, partitionEntry } from "../../src/volume/mbr/layout.ts";
import type { Volume, VolumeDriver, VolumeTable } from "../../src/volume/volume.ts";
import { FailingSource } from "../support/failing-source.ts";
import { FakeDriver, fakeHead } from "../support/fake-driver.ts";
import { folder } from "../support/fake-file-system.ts";
import { fixtureBytes } from "../support/fixture.ts";
import { grown, mbrDisk } from "../support/mbr-disk.ts";
import { patch } from "../support/patch.ts";

const small = (name: string, sizeBytes = 4096): Uint8Array => grown(fakeHead(name), sizeBytes);
const driver = new FakeDriver({ a: folder({}) });
const options = { volumeDrivers, fileSystemDrivers: [driver] };

function open(source: BlockSource | readonly BlockSource[], drivers: readonly VolumeDriver[] = volumeDrivers) {
  const warnings: string[] = [];
  const image = openImage(source, { ...options, volumeDrivers: drivers, warn: ({ message }) => warnings.push(message) });
  return {
    image,
    warnings,
    contents: Object.fromEntries([...image.places()].map((place) => [place.address, word(place.content)])),
  };
}

function word(content: Content): string {
  switch (content.kind) {
    case "filesystem":
      return content.type;
    case "volumes":
      return content.table.scheme;
    case "recognised":
      return content.format;
    default:
      return content.kind;
  }
}

const memory = (bytes: Uint8Array): MemorySource => new MemorySource(bytes, "disk.img");

describe("a nest", () => {
  test("of tables in tables is found to its ends", () => {
    const { contents, warnings } = open(memory(mbrDisk(small("a"), mbrDisk(mbrDisk(small("a")), new Uint8Array(512)))));
    expect(contents).toEqual({ "": "mbr", p1: "fake", p2: "mbr", "p2/p1": "mbr", "p2/p1/p1": "fake", "p2/p2": "unknown" });
    expect(warnings).toEqual([]);
  });

  test("does not look into an extended partition, whose bytes are the table's own", () => {
    const { contents, image } = open(memory(fixtureBytes("mbr-logical")));
    expect(contents["p4"]).toBe("unknown");
    expect(image.place("p4").volume?.container).toBe(true);
  });

  test("of a partition that begins where its table lies does not go in circles", () => {
    const bytes = mbrDisk(small("a"));
    patch(bytes, partitionEntry, bootRecord.offsetOf("entries") + 16, { type: 0x17, startLba: 0, sectorCount: 60 });
    expect(open(memory(bytes)).contents).toEqual({ "": "mbr", p1: "fake", p2: "unknown" });
  });

  test("deeper than any that is honest is not followed, with a word", () => {
    let bytes = small("a");
    for (let i = 0; i < 30; i++) bytes = mbrDisk(bytes);
    const { contents, warnings } = open(memory(bytes));
    expect(Object.keys(contents)).toHaveLength(18);
    expect(warnings).toEqual([
      expect.stringMatching(/: tables are nested deeper than 16; what the volumes here hold is not looked for$/),
    ]);
  });

  test("of more volumes than any that is honest is not followed, with a word", () => {
    const [image, many] = [memory(new Uint8Array(1 << 20)), 11_000];
    const volumes = (source: BlockSource): readonly Volume[] =>
      Array.from({ length: many }, (_, i) => ({
        ...bare(`p${i + 1}`),
        source: new SliceSource(source, 512 * i, 512, `p${i + 1}`),
        startBytes: 512 * i,
      }));
    const { warnings, contents } = open(image, [
      driverOf("mbr", (source) => source === image || source.sizeBytes > 512, volumes),
    ]);
    expect(Object.keys(contents)).toHaveLength(many + 1);
    expect(warnings).toEqual(["disk.img: there are more than 10000 volumes; what the volumes here hold is not looked for"]);
  });
});

function bare(name: string): Omit<Volume, "source" | "startBytes"> {
  return { name, type: undefined, label: undefined, uuid: undefined, bootable: false, flags: [], container: false };
}

function driverOf(
  scheme: VolumeTable["scheme"],
  probe: (source: BlockSource) => boolean,
  volumes: (source: BlockSource) => readonly Volume[],
): VolumeDriver {
  return {
    scheme,
    joins: false,
    probe,
    open: (sources) =>
      sources.map((source) => ({
        scheme,
        label: "",
        uuid: undefined,
        sectorBytes: 512,
        sources: [source],
        certain: true,
        notes: [],
        volumes: volumes(source),
      })),
  };
}

describe("a table and a filesystem at one place", () => {
  test("the table is taken when its partitions hold something", () => {
    const bytes = mbrDisk(small("a"));
    bytes.set(fakeHead("a"));
    const { contents, warnings } = open(memory(bytes));
    expect(contents).toEqual({ "": "mbr", p1: "fake" });
    expect(warnings).toEqual([
      "disk.img holds both a partition table (mbr) and fake: the partitions are taken; @0 names the other",
    ]);
  });

  test("the filesystem is taken when they hold nothing", () => {
    const bytes = mbrDisk(new Uint8Array(4096));
    bytes.set(fakeHead("a"));
    const { contents, warnings } = open(memory(bytes));
    expect(contents).toEqual({ "": "fake" });
    expect(warnings).toEqual([
      "disk.img holds both a partition table (mbr) and fake: no partition holds anything known, so the fake is taken",
    ]);
  });

  test("boot code without partitions is no rival", () => {
    const all = mbrDisk();
    all.set(fakeHead("a"));
    expect(open(memory(all))).toMatchObject({ contents: { "": "fake" }, warnings: [] });
  });

  test("a partition with boot code and nothing else is not a table of nothing", () => {
    expect(open(memory(mbrDisk(mbrDisk()))).contents).toEqual({ "": "mbr", p1: "unknown" });
    expect(open(memory(mbrDisk())).contents).toEqual({ "": "mbr" });
  });

  test("a GPT of which only the backup is left gives way to a filesystem", () => {
    const bytes = Uint8Array.from(fixtureBytes("gpt-named"));
    bytes.fill(0, 0, 34 * 512);
    bytes.set(fakeHead("a"), 64 * 512);
    expect(open(memory(bytes)).contents).toMatchObject({ "": "gpt", p2: "fake" });
    bytes.set(fakeHead("a"));
    expect(open(memory(bytes)).contents).toEqual({ "": "fake" });
  });

  test("an ISO image that is also a disk is taken apart, and its first partition is the whole of it", () => {
    const bytes = grown(mbrDisk(), 1 << 20);
    patch(bytes, partitionEntry, bootRecord.offsetOf("entries"), {
      type: 0,
      startLba: 0,
      sectorCount: 2048,
      bootIndicator: 0x80,
    });
    bytes.set(Buffer.from("\x01CD001\x01", "latin1"), 32_768);
    expect(open(memory(bytes))).toMatchObject({ contents: { "": "mbr", p1: "ISO 9660" }, warnings: [] });
  });
});

describe("physical volumes", () => {
  /** A scheme in which "PV:group" begins each member, and the group has one volume: all of the second kilobyte of the first. */
  const joiner: VolumeDriver = {
    scheme: "lvm2",
    joins: true,
    probe: (source) => groupOf(source) !== undefined,
    open(sources, _, warn: Warn) {
      const groups = new Map<string, BlockSource[]>();
      for (const source of sources) {
        const group = groupOf(source) ?? "";
        if (group === "broken") throw new TypeError("never");
        groups.set(group, [...(groups.get(group) ?? []), source]);
      }
      void warn;
      return [...groups].map(([label, members]): VolumeTable => {
        const [first] = members;
        if (first === undefined) throw new Error("empty group");
        const source = new SliceSource(first, 1024, first.sizeBytes - 1024, `${label}/root`);
        const volumes = [{ ...bare(`${label}/root`), source, startBytes: 1024 }];
        return {
          scheme: "lvm2",
          label,
          uuid: undefined,
          sectorBytes: undefined,
          sources: members,
          certain: true,
          notes: [],
          volumes,
        };
      });
    },
  };

  function groupOf(source: BlockSource): string | undefined {
    const head = new Uint8Array(Math.min(32, source.sizeBytes));
    source.readSync(head, 0);
    return /^PV:(\w+)/.exec(Buffer.from(head).toString("latin1"))?.[1];
  }

  function member(group: string, content: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(1024 + content.length);
    bytes.set(Buffer.from(`PV:${group}\n`));
    bytes.set(content, 1024);
    return bytes;
  }

  const drivers = [...volumeDrivers.filter(({ joins }) => !joins), joiner];

  test("of one group, at different depths and on several disks, are opened together", () => {
    const first = new MemorySource(mbrDisk(small("a"), member("vg0", small("a"))), "one.img");
    const second = new MemorySource(member("vg0", new Uint8Array(4096)), "two.img");
    const { contents, image } = open([first, second], drivers);
    expect(contents).toEqual({
      disk1: "mbr",
      "disk1/p1": "fake",
      "disk1/p2": "member",
      disk2: "lvm2",
      "disk2/vg0/root": "unknown",
    });
    const other = image.place("disk1/p2").content;
    expect(other.kind === "member" ? other.of.address : "").toBe("disk2");
    expect(image.place("vg0/root").address).toBe("disk2/vg0/root");
    expect(() => image.locate("disk1/p2:/x")).toThrow("one.img/p2: no filesystem at byte 0; it is part of what disk2 holds");
  });

  test("inside a machine inside a machine", () => {
    const guest = mbrDisk(member("vg_guest", small("a")));
    const { contents } = open(memory(mbrDisk(member("vm_group", guest))), drivers);
    expect(contents).toEqual({
      "": "mbr",
      p1: "lvm2",
      "p1/vm_group/root": "mbr",
      "p1/vm_group/root/p1": "lvm2",
      "p1/vm_group/root/p1/vg_guest/root": "fake",
    });
  });
});

describe("damage", () => {
  test("in a table is its place's content; the other disks stay", () => {
    const gpt = Uint8Array.from(fixtureBytes("gpt-named"));
    gpt.fill(0, 512);
    const { contents, image } = open([memory(gpt), memory(small("a"))]);
    expect(contents).toEqual({ disk1: "damaged", disk2: "fake" });
    expect(() => image.locate("disk1:/x")).toThrow("gpt: neither the primary nor a backup can be used");
  });

  test("a partition whose first sectors cannot be read is damaged, not unknown", () => {
    const bytes = mbrDisk(new Uint8Array(1 << 17), small("a"));
    const { contents, image } = open(new FailingSource(bytes, { badSectors: [[63, 66]] }));
    expect(contents).toEqual({ "": "mbr", p1: "damaged", p2: "fake" });
    expect(() => image.locate("p1:/x")).toThrow("EIO");
  });

  test("a partition behind the end of a cut image is damaged, and its name stays", () => {
    const { contents, warnings } = open(memory(mbrDisk(small("a"), small("a")).subarray(0, 64 * 512)));
    expect(contents).toEqual({ "": "mbr", p1: "fake", p2: "damaged" });
    expect(warnings).toHaveLength(2);
  });

  test("whichever read finds the source dead, that is the error, and every source is closed", () => {
    const bytes = mbrDisk(small("a"), small("a"));
    const healthy = new FailingSource(bytes);
    open(healthy);
    for (let diesAtRead = 1; diesAtRead <= healthy.reads; diesAtRead++) {
      const close = vi.fn();
      const dying = Object.assign(new FailingSource(bytes, { diesAtRead }), { close });
      expect(() => openImage(dying, options)).toThrow(expect.objectContaining({ fatal: true }));
      expect(close).toHaveBeenCalledTimes(1);
    }
  });

  test("whichever read fails once, what is found is right, or the error is told", () => {
    const bytes = mbrDisk(small("a"), small("a"));
    const healthy = new FailingSource(bytes);
    const expected = open(healthy).contents;
    for (let failsAtRead = 1; failsAtRead <= healthy.reads; failsAtRead++) {
      const { contents } = open(new FailingSource(bytes, { failsAtRead }));
      for (const [address, content] of Object.entries(contents)) {
        if (content !== expected[address]) expect(content).toBe("damaged");
      }
    }
  });
});

test("a 4096-byte sector is used where it is given, or where the device tells it", () => {
  const bytes = fixtureBytes("mbr-4096");
  const expected = ["p1", "p2", "p5", "p6"];
  const namesOf = (places: Iterable<Place>) => [...places].map(({ address }) => address).filter((address) => address !== "");
  expect(namesOf(openImage(memory(bytes), { ...options, sectorBytes: 4096 }).places())).toEqual(expected);
  expect(namesOf(openImage(Object.assign(memory(bytes), { sectorBytes: 4096 }), options).places())).toEqual(expected);
  const image = openImage(memory(bytes), { ...options, sectorBytes: 4096 });
  expect(image.place("@10s").address).toBe("@40960");
});

test("warnings are NomountErrors, so that a caller can sort them", () => {
  const kinds: NomountError["kind"][] = [];
  openImage(memory(mbrDisk(small("a")).subarray(0, 64 * 512)), { ...options, warn: ({ kind }) => kinds.push(kind) });
  expect(kinds).toEqual(["corrupt"]);
});
