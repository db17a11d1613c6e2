import { describe, expect, test } from "vitest";
import { NomountError } from "../../src/error.ts";
import { ntfs } from "../../src/filesystem/ntfs/driver.ts";
import { bootSector } from "../../src/filesystem/ntfs/layout.ts";
import { resolvePath } from "../../src/filesystem/path.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { FailingSource } from "../support/failing-source.ts";
import { bytesOf, NtfsImage, walkAll } from "../support/ntfs-image.ts";

/** What is damaged before any file is reached: boot sector, $MFT, $MFTMirr, and the volume's own files. */
const SECTOR_BYTES = 512;

type BootField = Parameters<typeof bootSector.offsetOf>[0];

const bootFields: readonly (readonly [BootField, number, number, RegExp])[] = [
  ["oemId", 1, 0x58, /boot sector: expected the marks "NTFS {4}" and 0xaa55/],
  ["endMark", 2, 0, /boot sector: expected the marks/],
  ["bytesPerSector", 2, 0, /boot sector: expected a sector of 512 to 4096 bytes, found 0/],
  ["bytesPerSector", 2, 513, /found 513/],
  ["sectorsPerCluster", 1, 0, /boot sector: expected clusters of 512 bytes to 2 MiB, found 0x0 sectors/],
  ["sectorsPerCluster", 1, 3, /found 0x3 sectors/],
  ["sectorsPerCluster", 1, 0xf0, /found 0xf0 sectors/],
  ["totalSectors", 4, 0, /boot sector: expected a count of sectors below 2\^53 bytes, found 0x0/],
  ["totalSectors", 8, -1, /found 0xffffffffffffffff/],
  ["mftLcn", 8, -1, /boot sector: expected a cluster below \d+, found 0xffffffffffffffff/],
  ["clustersPerRecord", 1, 0, /boot sector: expected a power of two of 512 to 65536 bytes, found 0/],
  ["clustersPerRecord", 1, 0x80, /found -128/],
  ["clustersPerIndexBlock", 1, 0x83, /found -125/],
];

function set(bytes: Buffer, offset: number, width: number, value: number): void {
  if (width === 8) bytes.writeBigInt64LE(BigInt(value), offset);
  else bytes.writeUIntLE(value, offset, width);
}

describe("boot sector", () => {
  test.each(bootFields)("%s (%i bytes) = %i, no backup: refused with the field's place", (field, width, value, message) => {
    const image = new NtfsImage("ntfs-facets");
    image.bytes.fill(0, image.bytes.length - SECTOR_BYTES);
    set(image.bytes, bootSector.offsetOf(field), width, value);
    expect(() => image.open()).toThrow(NomountError);
    expect(() => image.open()).toThrow(message);
  });

  test.each(bootFields)("%s (%i bytes) = %i: the backup is used, and reported", (field, width, value, message) => {
    const image = new NtfsImage("ntfs-facets");
    set(image.bytes, bootSector.offsetOf(field), width, value);
    expect(ntfs.probe(image.source())).toBe(true);
    const fileSystem = image.open();
    expect(fileSystem.state.clean).toBe(false);
    expect(fileSystem.state.warning).toMatch(message);
    expect(fileSystem.state.warning).toMatch(/the backup boot sector was used/);
    expect(walkAll(fileSystem)).toEqual(walkAll(image.intact));
  });

  test("$MFT in the wrong place: its copy in $MFTMirr tells the right one", () => {
    const image = new NtfsImage("ntfs-facets");
    set(image.bytes, bootSector.offsetOf("mftLcn"), 4, 3000);
    const fileSystem = image.open();
    expect(fileSystem.state.warning).toMatch(/FILE record 0: expected the signature "FILE".*its copy in \$MFTMirr was used/);
    expect(walkAll(fileSystem)).toEqual(walkAll(image.intact));
  });

  test("gone, with its backup: not taken for NTFS", () => {
    const image = new NtfsImage("ntfs-facets");
    image.bytes.fill(0, 0, SECTOR_BYTES);
    image.bytes.fill(0, image.bytes.length - SECTOR_BYTES);
    expect(ntfs.probe(image.source())).toBe(false);
  });

  test("a backup that something else was formatted over is no NTFS", () => {
    const image = new NtfsImage("ntfs-facets");
    image.bytes.fill(0xe5, 0, image.bytes.length - SECTOR_BYTES);
    expect(ntfs.probe(image.source())).toBe(false);
  });

  test("the end of a disk whose last partition is NTFS is not the disk's own backup", () => {
    const image = new NtfsImage("ntfs-facets");
    const disk = Buffer.concat([Buffer.alloc(63 * SECTOR_BYTES), image.bytes]);
    expect(ntfs.probe(new MemorySource(disk))).toBe(false);
  });

  test.each([0, 1, 511])("a source of %i bytes is not taken for NTFS", (length) => {
    expect(ntfs.probe(new MemorySource(new Uint8Array(length)))).toBe(false);
    expect(() => ntfs.open(new MemorySource(new Uint8Array(length)))).toThrow(/no room for a boot sector/);
  });
});

describe("$MFT", () => {
  test.each([0, 1, 2, 3])("record %i torn: its copy in $MFTMirr is used, and reported", (number) => {
    const image = new NtfsImage("ntfs-facets");
    image.bytes.writeUInt16LE(0xdead, image.record(number) + 510);
    const fileSystem = image.open();
    expect(fileSystem.state.warning).toMatch(
      new RegExp(
        `FILE record ${number}: update sequence mismatch in sector 0: expected 0x\\w+, found 0xdead .*its copy in \\$MFTMirr was used`,
      ),
    );
    expect(fileSystem.label).toBe("Facets ñ 名");
    expect(walkAll(fileSystem)).toEqual(walkAll(image.intact));
  });

  test("record 0 torn in both places: refused", () => {
    const image = new NtfsImage("ntfs-facets");
    const mirror = Number(image.bytes.readBigUInt64LE(bootSector.offsetOf("mftMirrorLcn"))) * 4096;
    for (const place of [image.record(0), mirror]) image.bytes.writeUInt16LE(0xdead, place + 1022);
    expect(() => image.open()).toThrow(/FILE record 0: update sequence mismatch in sector 1/);
  });

  test("its runs lead past the end: what lies there is missing, the files before it come", () => {
    const image = new NtfsImage("ntfs-fragments");
    // The second part of its runs, in record 16.
    image.bytes.writeUInt16LE(0x7fff, image.attribute(16, 0x80) + 64 + 7);
    const { paths, damage } = walkAll(image.open());
    expect(damage.join("\n")).toMatch(/FILE record 0: \$DATA: the run at VCN 278 leads past the volume's \d+ clusters/);
    expect(paths).toContain("files/comb");
  });

  test("a record that should hold part of it is another's: what is found of it is used, and the rest reported", () => {
    const image = new NtfsImage("ntfs-fragments");
    image.bytes.writeUInt32LE(0x90, image.attribute(17, 0x80));
    const fileSystem = image.open();
    expect(fileSystem.state.warning).toMatch(/FILE record 17 does not hold the part of \$MFT from VCN 630 on/);
    expect(walkAll(fileSystem).paths).toContain("files/comb");
  });

  test("its attribute list leads to itself: no ring", () => {
    const image = new NtfsImage("ntfs-fragments");
    const entry = image.attribute(0, 0x20) + 24 + 3 * 32;
    image.bytes.writeUInt32LE(500, entry + 16);
    expect(image.open().state.warning).toMatch(/^ntfs: FILE record 0: \$DATA: no run covers VCN/);
  });
});

describe("the volume's own files", () => {
  test("$UpCase unreadable: names are still found whatever their case", () => {
    const image = new NtfsImage("ntfs-facets");
    image.bytes.writeUInt16LE(0xdead, image.record(10) + 510);
    expect(resolvePath(image.open(), "/NAMES/ñandÚ ß ı İ.txt").path).toBe("/names/ñandú ß ı İ.txt");
  });

  test("$Volume without its attributes: no label, and a word on it", () => {
    const image = new NtfsImage("ntfs-facets");
    image.bytes.writeUInt32LE(0xffffffff, image.attribute(3, 0x60));
    const { label, state } = image.open();
    expect(label).toBe("");
    expect(state.warning).toMatch(/FILE record 3 has no \$VOLUME_INFORMATION/);
  });

  test("the root torn: the volume opens, and listing says why nothing comes", () => {
    const image = new NtfsImage("ntfs-facets");
    image.bytes.writeUInt16LE(0xdead, image.record(5) + 510);
    const fileSystem = image.open();
    expect(fileSystem.state.warning).toMatch(/FILE record 5: update sequence mismatch/);
    expect(() => fileSystem.list(5, () => {})).toThrow(/FILE record 5: update sequence mismatch/);
  });

  test("cluster 0 is a place, not a hole: $Boot is the boot sector", () => {
    const image = new NtfsImage("ntfs-facets");
    expect(bytesOf(image.open().content(7)).subarray(0, 512)).toEqual(image.bytes.subarray(0, 512));
  });
});

describe("the source", () => {
  test("cut in the middle: what lies behind is missing by name, never zeros", () => {
    const image = new NtfsImage("ntfs-facets");
    const cut = image.place(image.intact.content(image.id("/data/plain")), 100_000);
    const fileSystem = ntfs.open(new MemorySource(image.bytes.subarray(0, cut), "cut"));
    const content = fileSystem.content(image.id("/data/plain"));
    expect(() => bytesOf(content)).toThrow(/ntfs: the volume goes on where its source ends, at byte \d+ \(cut, byte 0x/);
    expect(bytesOf(fileSystem.content(image.id("/data/resident"))).toString()).toBe("tiny");
  });

  test("fails at its Nth read, for every N: that error comes out, or the rest of the tree", () => {
    const { bytes } = new NtfsImage("ntfs-facets");
    const counted = new FailingSource(bytes);
    const whole = walkAll(ntfs.open(counted)).paths.length;
    for (let n = 1; n <= counted.reads; n++) {
      const source = new FailingSource(bytes, { failsAtRead: n });
      try {
        const fileSystem = ntfs.open(source);
        const { paths, damage } = walkAll(fileSystem);
        expect(paths.length === whole || damage.length > 0 || !fileSystem.state.clean, `read ${n}`).toBe(true);
      } catch (error) {
        expect(error, `read ${n}`).toBeInstanceOf(NomountError);
      }
    }
  });

  test("dies: that word ends the walk", () => {
    const { bytes } = new NtfsImage("ntfs-facets");
    const source = new FailingSource(bytes, { diesAtRead: 20 });
    expect(() => walkAll(ntfs.open(source))).toThrow("the device has gone");
  });
});

test("$Bitmap torn: the volume opens, nothing is said to be free, and why", () => {
  const image = new NtfsImage("ntfs-facets");
  image.bytes.writeUInt16LE(0xdead, image.record(6) + 510);
  const { space, state } = image.open();
  expect(state.warning).toMatch(/FILE record 6: update sequence mismatch/);
  expect(space).toEqual({ sizeBytes: 16_773_120, freeBytes: 0, allocationUnitBytes: 4096 });
});
