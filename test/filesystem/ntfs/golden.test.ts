import { describe, expect, test } from "vitest";
import type { FileSystem } from "../../../src/filesystem/file-system.ts";
import { ntfs } from "../../../src/filesystem/ntfs/driver.ts";
import type { BlockSource } from "../../../src/source/block-source.ts";
import { CachedSource } from "../../../src/source/cached.ts";
import { MappedSource } from "../../../src/source/mapped.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { clip } from "../../../src/source/resolve.ts";
import { SliceSource } from "../../../src/source/slice.ts";
import { fixtureBytes } from "../../support/fixture.ts";
import { guestDisk } from "../../support/guest-disk.ts";
import { byPath, factsOfFileSystem, factsOfGolden, type NtfsGolden, ntfsGolden, pathOf } from "../../support/ntfs-golden.ts";

const PARTITION_BYTES = 63 * 512;

const sources: readonly (readonly [string, (bytes: Uint8Array) => BlockSource])[] = [
  ["memory", (bytes) => new MemorySource(bytes, "memory")],
  ["a cache of one page", (bytes) => new CachedSource(new MemorySource(bytes, "memory"), { maxPages: 1 })],
  ["a mapping at odd offsets", mappedAtOddOffsets],
];

/** Pieces of 100,001 bytes, in reverse order on a disk that begins with 7 bytes of something else. */
function mappedAtOddOffsets(bytes: Uint8Array): BlockSource {
  const pieceBytes = 100_001;
  const count = Math.ceil(bytes.length / pieceBytes);
  const disk = new Uint8Array(7 + count * pieceBytes);
  const place = (i: number) => 7 + (count - 1 - i) * pieceBytes;
  for (let i = 0; i < count; i++) disk.set(bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes), place(i));
  const source = new MemorySource(disk, "disk");
  return new MappedSource("mapped", bytes.length, (offsetBytes, lengthBytes) => {
    const first = Math.floor(offsetBytes / pieceBytes);
    const last = Math.floor((offsetBytes + lengthBytes - 1) / pieceBytes);
    const pieces = Array.from({ length: last - first + 1 }, (_, i) => {
      return { kind: "data", lengthBytes: pieceBytes, source, offsetBytes: place(first + i) } as const;
    });
    return clip(pieces, first * pieceBytes, offsetBytes, lengthBytes);
  });
}

describe.each(sources)("through %s", (_, sourceOf) => {
  test.each(["ntfs-facets", "ntfs-fragments"])("%s is what ntfs-3g shows", (name) => {
    const golden = ntfsGolden(name);
    expectSame(ntfs.open(sourceOf(fixtureBytes(name))), golden);
  });

  test("the sample guest's NTFS at sector 63 is what ntfs-3g shows", () => {
    const disk = sourceOf(fixtureBytes("guest-disk"));
    const { sectors } = guestDisk.partitions[0] ?? { sectors: 0 };
    const partition = new SliceSource(disk, PARTITION_BYTES, sectors * 512, "guest/p1");
    expect(ntfs.probe(partition)).toBe(true);
    const fileSystem = ntfs.open(partition);
    expect(fileSystem).toMatchObject({ type: "ntfs", label: "WINXP", uuid: "A0B1C2D3E4F50617" });
    expect(fileSystem.state).toMatchObject({ clean: false, warning: "marked dirty: Windows would check it" });
    expectSame(fileSystem, { ...guestDisk.volumes.p1, fls: [] } as NtfsGolden);
  });
});

/** ntfs-3g takes a reparse point that it does not know for a link. */
const UNKNOWN_TO_NTFS_3G = /^(refused|links)\//;

function expectSame(fileSystem: FileSystem, golden: NtfsGolden): void {
  const compared = golden.entries.filter((entry) => !UNKNOWN_TO_NTFS_3G.test(pathOf(entry)) || entry.kind === "file");
  const paths = new Set(compared.map(pathOf));
  const found = factsOfFileSystem(fileSystem, golden);
  expect(byPath(found.filter(({ path }) => paths.has(path)))).toEqual(byPath(compared.map(factsOfGolden)));
  expect(found.length, "no path more").toBeLessThanOrEqual(golden.entries.length + 1);
}
