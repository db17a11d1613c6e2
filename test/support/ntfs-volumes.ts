import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ntfs } from "../../src/filesystem/ntfs/driver.ts";
import { bootSector } from "../../src/filesystem/ntfs/layout.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { compareManifests, describeDifferences } from "./compare-manifests.ts";
import { countedBytes } from "./counted-bytes.ts";
import { scratchFolder } from "./fixture.ts";
import { manifestOf } from "./manifest.ts";
import { manifestOfFileSystem } from "./manifest-of-file-system.ts";
import { toolOutput } from "./tool-output.ts";
import { describeIf, has, isRoot } from "./tools.ts";

const able = isRoot && has("mkntfs", "ntfs-3g", "getfattr");
const MEBIBYTE = 1 << 20;

/** Sector, cluster and record. */
export type Volume = readonly [sectorBytes: number, clusterBytes: number, recordBytes: number];

/** Makes each volume with mkntfs, fills it by ntfs-3g, and compares what nomount and what ntfs-3g read back. */
export function compareVolumes(volumes: readonly Volume[]): void {
  describeIf(able, "root, mkntfs, ntfs-3g and getfattr are needed", "NTFS of every sector, cluster and record", () => {
    const scratch = scratchFolder();

    test.each(volumes)("sectors of %i, clusters of %i, records of %i bytes", async (sectorBytes, clusterBytes, recordBytes) => {
      const image = join(scratch.path, "volume.img");
      const top = join(scratch.path, "mount");
      mkdirSync(top, { recursive: true });
      formatVolume(image, [sectorBytes, clusterBytes, recordBytes]);
      toolOutput("ntfs-3g", ["-o", "compression,streams_interface=xattr", image, top]);
      let expected = new Map() as Awaited<ReturnType<typeof manifestOf>>;
      try {
        write(top, clusterBytes);
      } finally {
        toolOutput("umount", [top]);
      }
      toolOutput("ntfs-3g", ["-o", "ro,noatime,streams_interface=xattr", image, top]);
      try {
        expected = await manifestOf(top);
      } finally {
        toolOutput("umount", [top]);
      }
      const source = new MemorySource(readFileSync(image), "volume");
      expect(ntfs.probe(source)).toBe(true);
      const fileSystem = ntfs.open(source);
      expect(fileSystem.details).toMatchObject({
        "sector bytes": sectorBytes,
        "cluster bytes": clusterBytes,
        "record bytes": recordBytes,
      });
      const found = manifestOfFileSystem(fileSystem);
      const differences = compareManifests(expected, found, { ignore: ["mode", "uid", "gid", "xattrs", "accessedNs"] });
      expect(differences.length, describeDifferences(differences)).toBe(0);
      expect(found.size).toBeGreaterThan(210);
      rmSync(image);
    });
  });
}

/**
 * By mkntfs. It makes records as large as a sector, so one of larger records on sectors of 512 bytes is a volume of larger
 * sectors whose boot sectors then say 512: nothing else depends on it, since update sequences go by 512 bytes anyway.
 */
export function formatVolume(image: string, [sectorBytes, clusterBytes, recordBytes]: Volume): void {
  const formattedBytes = Math.max(sectorBytes, recordBytes > 1024 ? recordBytes : 0);
  const imageBytes = clusterBytes >= MEBIBYTE ? 64 * MEBIBYTE : 12 * MEBIBYTE;
  writeFileSync(image, "");
  truncateSync(image, imageBytes);
  const measures = ["-s", String(formattedBytes), "-c", String(clusterBytes), "-L", String(sectorBytes)];
  toolOutput("mkntfs", ["-q", "-Q", "-F", "-p", "0", "-H", "255", "-S", "63", ...measures, image]);
  if (formattedBytes === sectorBytes) return;
  const file = openSync(image, "r+");
  const boot = Buffer.alloc(bootSector.sizeBytes);
  const perCluster = clusterBytes / sectorBytes;
  for (const offsetBytes of [0, imageBytes - formattedBytes]) {
    readSync(file, boot, 0, boot.length, offsetBytes);
    boot.writeUInt16LE(sectorBytes, bootSector.offsetOf("bytesPerSector"));
    boot.writeUInt8(perCluster > 0x80 ? 0x100 - Math.log2(perCluster) : perCluster, bootSector.offsetOf("sectorsPerCluster"));
    const total = bootSector.offsetOf("totalSectors");
    boot.writeBigUInt64LE(boot.readBigUInt64LE(total) * BigInt(formattedBytes / sectorBytes), total);
    writeSync(file, boot, 0, boot.length, offsetBytes);
  }
  closeSync(file);
}

function write(top: string, clusterBytes: number): void {
  mkdirSync(`${top}/many`);
  for (let i = 0; i < 200; i++) writeFileSync(`${top}/many/a name that is long enough to fill blocks, number ${i}`, `${i}`);
  for (const length of [0, 1, 600, 3000, 4096, clusterBytes - 1, clusterBytes, clusterBytes + 1])
    writeFileSync(`${top}/of ${length} bytes`, countedBytes(length, length));
  writeFileSync(`${top}/holes`, countedBytes(5000));
  truncateSync(`${top}/holes`, 3 * MEBIBYTE);
  mkdirSync(`${top}/compressed`);
  // Only clusters of up to 4 KiB are compressed.
  if (clusterBytes <= 4096) toolOutput("setfattr", ["-n", "system.ntfs_attrib_be", "-v", "0x00000800", `${top}/compressed`]);
  writeFileSync(`${top}/compressed/text`, "the same words again and again, ".repeat(10_000));
  writeFileSync(`${top}/compressed/counted`, countedBytes(100_000));
}
