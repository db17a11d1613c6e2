import { describe, expect, test } from "vitest";
import { fileSystemDrivers } from "../../../src/filesystem/drivers.ts";
import type { Place } from "../../../src/image/image.ts";
import { openImage } from "../../../src/image/open-image.ts";
import { ext2fsWasm } from "../../../src/node/ext2fs-wasm.ts";
import type { BlockSource } from "../../../src/source/block-source.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { volumeDrivers } from "../../../src/volume/drivers.ts";
import { fixtureBytes } from "../../support/fixture.ts";
import { contentOf, partitions } from "../../support/lvm2.ts";
import { mdGolden } from "../../support/md.ts";

function open(sources: readonly BlockSource[]) {
  const warnings: string[] = [];
  const drivers = { volumeDrivers, fileSystemDrivers: fileSystemDrivers(ext2fsWasm) };
  const image = openImage(sources, { ...drivers, warn: ({ message }) => warnings.push(message) });
  return { image, warnings, addresses: [...image.places()].map(({ address }) => address) };
}

const golden = new Map(mdGolden("md-nest").map((array) => [array.name, array]));

function kindOf({ content }: Place): string {
  return content.kind === "member" ? `member at ${content.of.address}` : content.kind;
}

describe("arrays on partitions, below a volume group and above one", () => {
  const { image, warnings, addresses } = open([new MemorySource(fixtureBytes("md-nest"), "md-nest.img")]);

  test("are found at any depth, each at its first member", () => {
    expect(warnings).toEqual([]);
    expect(addresses).toEqual([
      "",
      "p1",
      "p1/below",
      "p1/below/vg_md/root",
      "p2",
      "p3",
      "p4",
      "p4/vg_host/leg0",
      "p4/vg_host/leg0/above",
      "p4/vg_host/leg1",
    ]);
    expect(kindOf(image.place("p3"))).toBe("member at p1");
    expect(kindOf(image.place("leg1"))).toBe("member at p4/vg_host/leg0");
  });

  test("have the content that the kernel saw", () => {
    expect(contentOf(image.place("p1/below").source)).toEqual(golden.get("below")?.content);
    expect(contentOf(image.place("vg_md/root").source)).toEqual(golden.get("vg_md/root")?.content);
    expect(contentOf(image.place("above").source)).toEqual(golden.get("above")?.content);
  });

  test("the filesystem of a mirror is read through the array, and by its offset on a leg", () => {
    for (const address of ["above:/hello.txt", "leg1/@0:/hello.txt"]) {
      const { fileSystem, node } = image.locate(address);
      const bytes = new Uint8Array(node.sizeBytes);
      fileSystem.content(node.id).readSync(bytes, 0);
      expect(new TextDecoder().decode(bytes)).toBe("in a mirror on two logical volumes\n");
    }
  });
});

test("members that are whole disks make the same array, and a volume group on it is found with one of them missing", () => {
  const disks = partitions("md-nest").slice(0, 3);
  expect(open(disks).addresses).toEqual(["disk1", "disk1/below", "disk1/below/vg_md/root", "disk2", "disk3"]);
  for (const [i] of disks.entries()) {
    const { image, warnings } = open(disks.filter((_, j) => i !== j));
    expect(contentOf(image.place("vg_md/root").source)).toEqual(golden.get("vg_md/root")?.content);
    expect(warnings).toEqual([`md: below: device ${i} is missing; name it too with --pv`]);
  }
});

test("a copy of the disk beside it is told apart", () => {
  const bytes = fixtureBytes("md-nest");
  const { image, warnings } = open([new MemorySource(bytes, "one.img"), new MemorySource(bytes, "two.img")]);
  expect(warnings).toEqual([]);
  for (const disk of ["disk1", "disk2"]) {
    expect(contentOf(image.place(`${disk}/p1/below/vg_md/root`).source)).toEqual(golden.get("vg_md/root")?.content);
  }
});
