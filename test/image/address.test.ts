import { describe, expect, test } from "vitest";
import type { LocateOptions } from "../../src/image/image.ts";
import { openImage } from "../../src/image/open-image.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { volumeDrivers } from "../../src/volume/drivers.ts";
import { FakeDriver, fakeHead } from "../support/fake-driver.ts";
import { folder, link } from "../support/fake-file-system.ts";
import { grown, mbrDisk } from "../support/mbr-disk.ts";

const small = (name: string): Uint8Array => grown(fakeHead(name), 4096);

const guest = mbrDisk(small("guest-boot"), small("guest-root"));
const trees = {
  boot: folder({ vmlinuz: { content: "kernel" } }),
  root: folder({
    etc: folder({ fstab: { content: "..." }, "a:b": { content: "colon" }, "wow!": { content: "mark" } }),
    bin: link("etc"),
    last: link("etc/fstab"),
    "a.img!p1:": folder({ fstab: { content: "odd" } }),
    vm: folder({
      "a.img": { content: guest },
      "b!.img": { content: guest },
      link: link("a.img"),
      "raw.img": { content: small("guest-root") },
      "not an image": { content: "text" },
    }),
    "back\\slash": { content: "1" },
    "line\nbreak": { content: "2" },
    "latin1 \udcff": { content: "3" },
    "systemd\\x2dname": { content: "4" },
    streams: { content: "main", streams: { "Zone.Identifier": Uint8Array.of(1), x: Uint8Array.of(2) } },
  }),
  "guest-boot": folder({ "guest-kernel": { content: "g" } }),
  "guest-root": folder({
    etc: folder({ hostname: { content: "guest" } }),
    inner: folder({ "c.img": { content: small("guest-boot") } }),
  }),
};

function open(...disks: readonly Uint8Array[]) {
  const driver = new FakeDriver(trees);
  const sources = disks.map((bytes, i) => new MemorySource(bytes, i === 0 ? "disk.img" : `disk${i + 1}.img`));
  return { driver, image: openImage(sources, { volumeDrivers, fileSystemDrivers: [driver] }) };
}

/** Two filesystems side by side, and a third that is a disk with two of its own. */
const disk = mbrDisk(small("boot"), small("root"), guest);
const { image } = open(disk);

const find = (address: string, options?: LocateOptions): string => {
  const { place, path, stream } = image.locate(address, options);
  return `${place.address} | ${path}${stream === undefined ? "" : ` | ${stream}`}`;
};

describe("volumes", () => {
  test("are named by the chain of names from the image", () => {
    expect([...image.places()].map(({ address }) => address)).toEqual(["", "p1", "p2", "p3", "p3/p1", "p3/p2"]);
    expect(image.place("").source.label).toBe("disk.img");
    expect(image.place("p3/p2").source.label).toBe("disk.img/p3/p2");
  });

  test("any unambiguous end of the chain is enough; an exact name is not ambiguous", () => {
    expect(find("p1:/vmlinuz")).toBe("p1 | /vmlinuz");
    expect(find("p3/p1:/guest-kernel")).toBe("p3/p1 | /guest-kernel");
    const nested = open(mbrDisk(small("boot"), mbrDisk(small("boot"), small("boot"), small("root")))).image;
    expect(nested.place("p3").address).toBe("p2/p3");
  });

  test("an ambiguous end is an error that lists the choices", () => {
    const twice = open(
      mbrDisk(
        mbrDisk(small("boot"), small("boot"), small("boot"), small("root")),
        mbrDisk(small("boot"), small("boot"), small("boot")),
      ),
    );
    expect(() => twice.image.place("p3")).toThrow("disk.img: p3 can be any of p1/p3 fake, p2/p3 fake");
    expect(twice.image.place("p1/p3").address).toBe("p1/p3");
  });

  test("that do not exist are an error that lists those that do", () => {
    expect(() => image.place("p4")).toThrow(
      expect.objectContaining({
        kind: "path",
        message:
          "disk.img: there is no volume p4; there is p1 fake at 32256, p2 fake at 36352, p3 mbr at 40448, p3/p1 fake, p3/p2 fake",
      }),
    );
  });

  test("several disks are numbered in the order given", () => {
    const two = open(disk, mbrDisk(small("boot"))).image;
    expect([...two.places()].map(({ address }) => address)).toEqual([
      ...["disk1", "disk1/p1", "disk1/p2", "disk1/p3", "disk1/p3/p1", "disk1/p3/p2"],
      ...["disk2", "disk2/p1"],
    ]);
    expect(two.place("disk2/p1").source.label).toBe("disk2.img/p1");
    expect(() => two.place("")).toThrow("there are several disks, name one: disk1 mbr, disk2 mbr");
    expect(two.label).toBe("disk.img, disk2.img");
  });
});

describe("offsets", () => {
  test.each([
    ["@32256:/vmlinuz", "@32256 | /vmlinuz"],
    ["@63s:/vmlinuz", "@32256 | /vmlinuz"],
    ["p3/@63s:/guest-kernel", "p3/@32256 | /guest-kernel"],
    ["@40448/p2:/etc/hostname", "@40448/p2 | /etc/hostname"],
    ["p3/@0/p2:/etc", "p3/@0/p2 | /etc"],
  ])("%s", (address, found) => {
    expect(find(address)).toBe(found);
  });

  test("are the same place when they are named again", () => {
    expect(image.place("@32256")).toBe(image.place("@63s"));
  });

  test("behind the end are refused with the end", () => {
    expect(() => image.place("@99999999")).toThrow(
      expect.objectContaining({ kind: "path", message: "disk.img ends at byte 80896, before byte 99999999" }),
    );
    expect(() => image.place("p1/@4096")).toThrow("disk.img/p1 ends at byte 4096, before byte 4096");
    expect(() => image.place("@99999999999999999999999")).toThrow("ends at byte");
  });

  test("prefer a filesystem to a table at the same place", () => {
    const both = mbrDisk(small("boot"));
    both.set(fakeHead("root"));
    const opened = open(both).image;
    expect(opened.place("").content.kind).toBe("volumes");
    expect(opened.locate("@0:/etc").place.address).toBe("@0");
  });

  test("where nothing is are unknown", () => {
    expect(image.place("@512").content).toEqual({ kind: "unknown" });
    expect(() => image.locate("@512:/etc")).toThrow(
      "disk.img/@512: no filesystem at byte 0; info --scan searches all of an image for what is lost",
    );
  });
});

describe("paths", () => {
  test.each([
    ["p2", "p2 | /"],
    ["p2:", "p2 | /"],
    ["p2:/", "p2 | /"],
    ["p2:etc/fstab", "p2 | /etc/fstab"],
    ["p2:/etc/fstab", "p2 | /etc/fstab"],
    ["p2:/bin/fstab", "p2 | /etc/fstab"],
    ["p2:/bin", "p2 | /bin"],
    ["p2:/last", "p2 | /last"],
  ])("%s", (address, found) => {
    expect(find(address)).toBe(found);
  });

  test("follow the last link, or none, where that is asked for", () => {
    expect(find("p2:/last", { followFinal: true })).toBe("p2 | /etc/fstab");
    expect(() => find("p2:/bin/fstab", { followMiddle: false })).toThrow(
      "disk.img/p2: /bin is a symbolic link, which is not followed here",
    );
  });

  test("that do not exist are said with the volume", () => {
    expect(() => find("p2:/etc/nothing")).toThrow(
      expect.objectContaining({ kind: "path", message: "disk.img/p2: /etc/nothing does not exist" }),
    );
  });

  test.each([
    ["p2:/etc/a:b", "/etc/a:b"],
    ["p2:/etc/wow!", "/etc/wow!"],
    ["p2:/a.img!p1:/fstab", "/a.img!p1:/fstab"],
    ["p2:/back\\slash", "/back\\slash"],
    ["p2:/back\\\\slash", "/back\\slash"],
    ["p2:/line\\nbreak", "/line\nbreak"],
    ["p2:/latin1 \\xff", "/latin1 \udcff"],
    ["p2:/systemd\\x2dname", "/systemd\\x2dname"],
    ["p2:/systemd\\\\x2dname", "/systemd\\x2dname"],
    ["p2:/etc/a\\:b", "/etc/a:b"],
    ["p2:/etc/wow\\!", "/etc/wow!"],
  ])("%s names a file as it stands, or as ls shows it", (address, path) => {
    expect(image.locate(address, { streams: true })).toMatchObject({ path, stream: undefined });
  });
});

describe("streams", () => {
  test("follow a further colon where they are asked for", () => {
    expect(find("p2:/streams:x", { streams: true })).toBe("p2 | /streams | x");
    expect(find("p2:streams:Zone.Identifier", { streams: true })).toBe("p2 | /streams | Zone.Identifier");
    expect(() => find("p2:/streams:x")).toThrow("/streams:x does not exist");
  });

  test("that do not exist are an error that lists those that do", () => {
    expect(() => find("p2:/streams:y", { streams: true })).toThrow(
      expect.objectContaining({ kind: "path", message: "/streams has no stream y: it has Zone.Identifier, x" }),
    );
    expect(() => find("p2:/etc/fstab:y", { streams: true })).toThrow("/etc/fstab has no stream y: it has none");
    expect(() => find("p2:/nothing:y", { streams: true })).toThrow("/nothing:y does not exist");
  });
});

describe("an image that is a file", () => {
  test.each([
    ["p2:/vm/a.img!p2:/etc/hostname", "p2:/vm/a.img!p2 | /etc/hostname"],
    ["p2:/vm/a.img!p1", "p2:/vm/a.img!p1 | /"],
    ["p2:/vm/link!p1:/guest-kernel", "p2:/vm/a.img!p1 | /guest-kernel"],
    ["p2:/vm/b!.img!p2:/etc", "p2:/vm/b!.img!p2 | /etc"],
    ["p2:/vm/raw.img!/etc/hostname", "p2:/vm/raw.img! | /etc/hostname"],
    ["p2:/vm/raw.img!", "p2:/vm/raw.img! | /"],
    ["p2:/vm/a.img!@63s:/guest-kernel", "p2:/vm/a.img!@32256 | /guest-kernel"],
    ["p2:/vm/a.img!p2:/inner/c.img!/guest-kernel", "p2:/vm/a.img!p2:/inner/c.img! | /guest-kernel"],
  ])("%s", (address, found) => {
    expect(find(address)).toBe(found);
  });

  test("is a place with places of its own, named by whole addresses", () => {
    const inner = image.place("p2:/vm/a.img!");
    expect(inner.content).toMatchObject({
      kind: "volumes",
      places: [{ address: "p2:/vm/a.img!p1" }, { address: "p2:/vm/a.img!p2" }],
    });
    expect(image.place("p2:/vm/a.img!p1").address).toBe("p2:/vm/a.img!p1");
  });

  test("the address that comes out can be put in again", () => {
    for (const address of ["p2:/vm/a.img!p2:/inner/c.img!/guest-kernel", "p2:/vm/b!.img!p2:/etc", "p3/@0/p2:/etc"]) {
      const { place, path } = image.locate(address);
      expect(image.locate(`${place.address}:${path}`)).toMatchObject({ place: { address: place.address }, path });
    }
  });

  test("is opened once, and closed with the image", () => {
    const { image: outer, driver } = open(disk);
    outer.locate("p2:/vm/a.img!p2:/etc/hostname");
    outer.locate("p2:/vm/link!p2:/etc");
    expect(driver.opened).toEqual(["root", "guest-root"]);
    outer.close();
    expect(driver.closed.toSorted()).toEqual(["guest-root", "root"]);
  });

  test("that is none says so", () => {
    expect(() => find("p2:/vm/not an image!p1:/x")).toThrow("there is no volume p1; there is no volume");
    expect(() => find("p2:/vm/missing!p1:/x")).toThrow("disk.img/p2: /vm/missing!p1: does not exist (in /vm/missing!p1:/x)");
    expect(() => image.place("p2:/vm/a.img")).toThrow(
      'p2:/vm/a.img names a path, not a volume; a disk image that is a file takes "!" after its name',
    );
  });
});

describe("without a volume", () => {
  test("an image with a single filesystem needs none", () => {
    for (const bytes of [small("root"), mbrDisk(new Uint8Array(4096), small("root"))]) {
      const only = open(bytes).image;
      expect(only.locate("/etc/fstab").path).toBe("/etc/fstab");
      expect(only.locate("").path).toBe("/");
      expect(only.locate(":etc").path).toBe("/etc");
    }
  });

  test("several filesystems must be told apart", () => {
    expect(() => image.locate("/etc")).toThrow(
      "disk.img: there are several filesystems, name one: p1 fake at 32256, p2 fake at 36352, p3/p1 fake, p3/p2 fake",
    );
  });

  test("a table without filesystems is listed", () => {
    const none = open(mbrDisk(new Uint8Array(4096), new Uint8Array(512))).image;
    expect(() => none.locate("/etc")).toThrow(
      "disk.img: no filesystem at byte 0; it holds a partition table: p1 unknown at 32256, p2 unknown at 36352",
    );
  });

  test("a volume without a filesystem says what it holds", () => {
    expect(() => image.locate("p3:/etc")).toThrow(
      "disk.img/p3: no filesystem at byte 0; it holds a partition table: p3/p1 fake, p3/p2 fake",
    );
  });
});

describe("filesystems", () => {
  test("open when they are asked for, once, and close with the image", () => {
    const { image: lazy, driver } = open(disk);
    expect(driver.opened).toEqual([]);
    const first = lazy.locate("p1:/vmlinuz").fileSystem;
    expect(lazy.locate("p1:/").fileSystem).toBe(first);
    expect(driver.opened).toEqual(["boot"]);
    const { content } = lazy.place("p2");
    lazy.close();
    lazy.close();
    expect(driver.closed).toEqual(["boot"]);
    expect(() => content.kind === "filesystem" && content.open()).toThrow("disk.img/p2: the image is closed");
  });
});
