import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NomountError } from "../../src/error.ts";
import type { Recognised } from "../../src/image/formats/recognised.ts";
import { openImage } from "../../src/image/open-image.ts";
import { recognise } from "../../src/image/recognise.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { SliceSource } from "../../src/source/slice.ts";
import { FailingSource } from "../support/failing-source.ts";
import { fixtureBytes } from "../support/fixture.ts";
import { repositoryFolder } from "../support/repository.ts";

interface GoldenImage {
  readonly name: string;
  readonly offsetBytes: number;
  readonly keptBytes: number;
  readonly sizeBytes: number;
  readonly blkid: { readonly TYPE?: string; readonly LABEL?: string; readonly UUID?: string };
  readonly qemuImg: { readonly format: string; readonly "virtual-size": number } | null;
}

function images(fixture: string): readonly (GoldenImage & { readonly bytes: Uint8Array })[] {
  const all = fixtureBytes(fixture);
  const golden: { images: readonly GoldenImage[] } = JSON.parse(
    readFileSync(join(repositoryFolder, "fixtures", `${fixture}.json`), "utf8"),
  );
  return golden.images.map((image) => ({
    ...image,
    bytes: all.subarray(image.offsetBytes, image.offsetBytes + image.keptBytes),
  }));
}

const signatures = images("signatures");
const raidMembers = images("raid-members");

function allOf(source: BlockSource): readonly Recognised[] {
  return [...recognise(source, (error) => expect.fail(error.message))];
}

/** A format in the word that blkid has for it. */
function blkidType(format: string): string {
  const words: readonly (readonly [RegExp, string])[] = [
    [/^Linux swap/, "swap"],
    [/^FAT/, "vfat"],
    [/^LUKS/, "crypto_LUKS"],
    [/^LVM2/, "LVM2_member"],
    [/^Linux RAID member/, "linux_raid_member"],
    [/^bcache/, "bcache"],
    [/^ISO 9660/, "iso9660"],
    [/^ext journal/, "jbd"],
    [/^ZFS/, "zfs_member"],
    [/^HFS[+X]/, "hfsplus"],
    [/^BitLocker/, "BitLocker"],
  ];
  return words.find(([pattern]) => pattern.test(format))?.[1] ?? format.toLowerCase();
}

describe.each(signatures.filter(({ blkid }) => blkid.TYPE !== undefined))("$name", ({ name, bytes, blkid, sizeBytes }) => {
  const [found, ...others] = allOf(new MemorySource(bytes, name));

  test("is named as blkid names it, with label and UUID", () => {
    // blkid reads the label of NTFS from the $MFT, which is the driver's work here.
    const label = blkid.TYPE === "ntfs" ? undefined : blkid.LABEL;
    expect({ type: blkidType(found?.format ?? ""), label: found?.label, uuid: found?.uuid }).toEqual({
      type: blkid.TYPE,
      label,
      uuid: blkid.UUID,
    });
    expect(others).toEqual([]);
  });

  test("is not larger than what it was made in", () => {
    if (found?.sizeBytes !== undefined) {
      expect(found.sizeBytes).toBeLessThanOrEqual(sizeBytes);
      expect(found.sizeBytes).toBeGreaterThan(sizeBytes * (name === "squashfs" ? 0.05 : 0.9));
    }
  });
});

describe.each(raidMembers)("$name", ({ name, bytes, blkid }) => {
  test("is named as blkid names it, and what of it is the array's alone is not opened", () => {
    const found = allOf(new MemorySource(bytes, name));
    expect(found[0]).toMatchObject({ label: blkid.LABEL, uuid: blkid.UUID });
    expect(blkidType(found[0]?.format ?? "")).toBe(blkid.TYPE);
    // With the superblock at the end, the ext4 inside seems to begin on the disk itself; only of a mirror that is true.
    const seemsExt = name.startsWith("md-0.90") || name.startsWith("md-1.0");
    expect(found.some(({ format }) => format === "ext4")).toBe(seemsExt);
    expect(found[0]?.part).toBe(!(seemsExt && name.endsWith("mirror")));
  });
});

describe.each(signatures.filter(({ blkid }) => blkid.TYPE === undefined))("$name", ({ name, bytes, qemuImg }) => {
  test("is named with the way to plain bytes", () => {
    const [found, ...others] = allOf(new MemorySource(bytes, `${name}.img`));
    expect(others).toEqual([]);
    if (qemuImg === null) {
      expect(found).toMatchObject({
        format: `${name}-compressed file`,
        advice: `unpack it into nomount: ${name} -dc '${name}.img' | nomount info -`,
      });
      return;
    }
    const word = qemuImg.format === "vpc" ? "vhd" : qemuImg.format;
    expect(found?.format.toLowerCase()).toContain(word);
    expect(found?.advice).toContain(`qemu-img convert -O raw '${name}.img' disk.img`);
    if (found?.sizeBytes !== undefined) expect(found.sizeBytes).toBe(qemuImg["virtual-size"]);
  });
});

describe("what no tool here makes", () => {
  /** Only the bytes that are looked at, by the documents that the layouts cite. */
  function made(sizeBytes: number, ...pieces: readonly (readonly [number, string | readonly number[]])[]): MemorySource {
    const bytes = new Uint8Array(sizeBytes);
    for (const [at, piece] of pieces) bytes.set(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece, at);
    return new MemorySource(bytes, "made.img");
  }

  test.each([
    ["BitLocker", made(8192, [0, "\xeb\x58\x90-FVE-FS-"]), "BitLocker"],
    [
      "BitLocker To Go",
      made(
        8192,
        [0, "\xeb\x58\x90MSWIN4.1"],
        [424, [0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a, 0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01]],
      ),
      "BitLocker",
    ],
    ["ReFS", made(8192, [3, "ReFS\0\0\0\0"], [16, "FSRS"], [32, [0, 0, 2, 0]], [36, [0, 0, 0, 0]], [40, [3, 4]]), "ReFS 3.4"],
    ["APFS", made(8192, [32, "NXSB"], [36, [0, 16, 0, 0]], [40, [2]]), "APFS"],
    ["HFS+", made(8192, [1024, "H+\0\x04"], [1064, [0, 0, 16, 0, 0, 0, 0, 2]]), "HFS+"],
    ["HFSX", made(8192, [1024, "HX\0\x05"], [1064, [0, 0, 16, 0, 0, 0, 0, 2]]), "HFSX"],
    ["HFS", made(8192, [1024, "BD"], [1042, [0, 2, 0, 0, 16, 0]], [1060, "\x04Disk"]), "HFS"],
    ["a dynamic disk of an MBR", made(8192, [3072, "PRIVHEAD"], [3072 + 0xf0, "WinDg0\0"]), "Windows dynamic disk"],
    ["a dynamic disk of a GPT", made(1 << 20, [(1 << 20) - 512, "PRIVHEAD"]), "Windows dynamic disk"],
    ["hibernated Linux", made(8192, [4086, "S1SUSPEND\0"]), "Linux hibernation image"],
    ["an E01 image", made(8192, [0, "EVF\t\r\n\xff\0"]), "EWF (E01) image"],
  ])("%s is known by its documented signature", (_, source, format) => {
    expect(allOf(source).map((each) => each.format)).toEqual([format]);
  });

  test("ZFS is known by its uberblocks, with the pool's name and id from the label", () => {
    const pair = (name: string, type: number, value: Buffer): Buffer => {
      const padded = Buffer.alloc(Math.ceil(name.length / 4) * 4);
      padded.write(name);
      const all = Buffer.alloc(12 + padded.length + 8 + value.length);
      all.writeUInt32BE(all.length, 0);
      all.writeUInt32BE(all.length, 4);
      all.writeUInt32BE(name.length, 8);
      padded.copy(all, 12);
      all.writeUInt32BE(type, 12 + padded.length);
      all.writeUInt32BE(1, 16 + padded.length);
      value.copy(all, 20 + padded.length);
      return all;
    };
    const guid = Buffer.alloc(8);
    guid.writeBigUInt64BE(1234567890123456789n);
    const head = Buffer.from([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    const list = Buffer.concat([
      head,
      pair("name", 9, Buffer.from("\0\0\0\x05tank1\0\0\0", "latin1")),
      pair("pool_guid", 8, guid),
    ]);
    const source = made(
      1 << 20,
      [16_384, [...list]],
      [128 * 1024, [0x0c, 0xb1, 0xba]],
      [128 * 1024 + 1024, [0x0c, 0xb1, 0xba, 0]],
    );
    expect(allOf(source)).toEqual([expect.objectContaining({ format: "ZFS", label: "tank1", uuid: "1234567890123456789" })]);
  });
});

describe("recognising", () => {
  test("zeros, noise and sources too short for a signature is nothing", () => {
    for (const bytes of [new Uint8Array(1 << 20), new Uint8Array(0), new Uint8Array(1), new Uint8Array(511)]) {
      expect(allOf(new MemorySource(bytes))).toEqual([]);
    }
    let state = 1;
    const noise = Uint8Array.from({ length: 1 << 18 }, () => {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      return state >> 16;
    });
    expect(allOf(new MemorySource(noise))).toEqual([]);
  });

  test("each of them cut short anywhere does not throw", () => {
    for (const { bytes } of [...signatures, ...raidMembers]) {
      for (const length of [1, 16, 511, 512, 1023, 1024, 1060, 1500, 4096, 4200, 32_768, 34_000, 65_536, 66_000]) {
        allOf(new MemorySource(bytes.subarray(0, length)));
      }
    }
  });

  test("a bad sector hides what lies there and nothing else, and is told", () => {
    const xfs = signatures.find(({ name }) => name === "xfs")?.bytes ?? new Uint8Array();
    const errors: NomountError[] = [];
    const found = [...recognise(new FailingSource(xfs, { badSectors: [[64, 65]] }), (error) => errors.push(error))];
    expect(found.map(({ format }) => format)).toEqual(["XFS"]);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.every(({ kind }) => kind === "source")).toBe(true);
  });

  test("a source that has died is not asked on", () => {
    const dead = new FailingSource(new Uint8Array(1 << 20), { diesAtRead: 3 });
    expect(() => [...recognise(dead, () => {})]).toThrow("the device has gone");
    expect(dead.reads).toBe(3);
  });
});

test("whatever bits of them are flipped, something is recognised or nothing is, and nothing breaks", () => {
  const all = [...signatures, ...raidMembers];
  fc.assert(
    fc.property(
      fc.constantFrom(...all),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 1, max: 255 })), {
        minLength: 1,
        maxLength: 40,
      }),
      ({ bytes }, flips) => {
        // The heads alone: a copy of all of a large one for every run would be the whole time.
        const mutant = Uint8Array.from(bytes.subarray(0, 1 << 18));
        for (const [at, bits] of flips) mutant[at % mutant.length] = (mutant[at % mutant.length] ?? 0) ^ bits;
        for (const { sizeBytes } of allOf(new MemorySource(mutant))) {
          if (sizeBytes !== undefined) expect(sizeBytes).toBeGreaterThanOrEqual(0);
        }
      },
    ),
    { numRuns: 200 },
  );
});

describe("in an image", () => {
  const options = { volumeDrivers: [], fileSystemDrivers: [] };

  test("what is recognised is content with advice, and asking for files says what it is", () => {
    const { bytes } = signatures.find(({ name }) => name === "luks2") ?? { bytes: new Uint8Array() };
    const image = openImage(new MemorySource(bytes, "luks.img"), options);
    expect(image.roots[0]?.content).toMatchObject({ kind: "recognised", format: "LUKS2", label: "luks label" });
    expect(() => image.locate("/etc")).toThrow(
      "luks.img: it holds LUKS2, which is not read here; it is encrypted: unlock it with cryptsetup open --readonly, and read what that makes",
    );
  });

  test("a member of a striped array is not taken for the filesystem that seems to begin in it", () => {
    const striped = raidMembers.find(({ name }) => name === "md-1.0-striped")?.bytes ?? new Uint8Array();
    const driver = { name: "ext", probe: () => true, open: () => expect.fail("opened") };
    const image = openImage(new MemorySource(striped), { volumeDrivers: [], fileSystemDrivers: [driver] });
    expect(image.roots[0]?.content).toMatchObject({
      kind: "recognised",
      format: "Linux RAID member (md 1.0, raid0, 2 devices)",
    });
  });

  test("the plain part of a fixed VHD is read, and that is said", () => {
    const vhd = new Uint8Array(1 << 20).fill(7);
    vhd.set(Buffer.from("conectix"), vhd.length - 512);
    vhd.set([0, 0, 0, 2], vhd.length - 512 + 60);
    const warnings: string[] = [];
    const image = openImage(new MemorySource(vhd, "disk.vhd"), { ...options, warn: ({ message }) => warnings.push(message) });
    expect(image.roots[0]?.source.sizeBytes).toBe((1 << 20) - 512);
    expect(warnings).toEqual(["disk.vhd is a fixed VHD: its 1048064 plain bytes are read, its footer is left out"]);
  });
});

test("a slice of a disk is recognised as the whole image is", () => {
  const { offsetBytes, keptBytes } = signatures.find(({ name }) => name === "btrfs") ?? { offsetBytes: 0, keptBytes: 0 };
  const slice = new SliceSource(new MemorySource(fixtureBytes("signatures")), offsetBytes, keptBytes, "p1");
  expect(allOf(slice).map(({ format }) => format)).toEqual(["Btrfs"]);
});
