import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { ntfs } from "../../src/filesystem/ntfs/driver.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { scratchFolder } from "../support/fixture.ts";
import type { Manifest } from "../support/manifest.ts";
import { manifestOfFileSystem } from "../support/manifest-of-file-system.ts";
import { formatVolume, type Volume } from "../support/ntfs-volumes.ts";
import { repositoryFolder } from "../support/repository.ts";
import { describeIf, has, isRoot, toolEnv } from "../support/tools.ts";

const SCRIPT = "ntfs3-matrix.sh";
/** The machine ends itself first, so that it does not outlive the test. */
const MACHINE_SECONDS = 400;
const MOST_MS = 440_000;
/** A command that runs another in a virtual machine whose kernel has ntfs3: it takes -t SECONDS, a folder to share, and the command. */
const machine = process.env["NOMOUNT_KERNEL_VM"];
const isHere = spawnSync("modprobe", ["--dry-run", "ntfs3"], { env: toolEnv() }).status === 0 && isRoot;

/** Sector, cluster and record; a group is one start of the machine. */
const groups: Readonly<Record<string, readonly Volume[]>> = {
  "sectors of 512": [
    [512, 512, 1024],
    [512, 1024, 1024],
    [512, 4096, 1024],
    [512, 8192, 1024],
    [512, 65_536, 1024],
    [512, 131_072, 1024],
    [512, 2_097_152, 1024],
  ],
  "larger sectors": [
    [1024, 1024, 1024],
    [1024, 65_536, 1024],
    [2048, 2048, 2048],
    [2048, 1_048_576, 2048],
    [4096, 4096, 4096],
    [4096, 65_536, 4096],
    [4096, 2_097_152, 4096],
  ],
  "records of 4 KiB on sectors of 512": [
    [512, 4096, 4096],
    [512, 65_536, 4096],
    [512, 2_097_152, 4096],
  ],
};

for (const [title, volumes] of Object.entries(groups))
  describeIf(
    has("mkntfs", "losetup") && (isHere || machine !== undefined),
    "root and a kernel with ntfs3 are needed, here or behind NOMOUNT_KERNEL_VM",
    `NTFS written by the kernel's ntfs3: ${title}`,
    () => {
      const scratch = scratchFolder();

      beforeAll(() => {
        const folder = scratch.path;
        copyFileSync(join(repositoryFolder, "test/oracle", SCRIPT), join(folder, SCRIPT));
        for (const volume of volumes) formatVolume(join(folder, `${volume.join("-")}.img`), volume);
        const command = ["bash", `./${SCRIPT}`, ".", ...volumes.map((volume) => volume.join(":"))];
        const [program = "", ...args] =
          machine === undefined ? command : [machine, "-t", String(MACHINE_SECONDS), folder, ...command];
        const { status, stderr } = spawnSync(program, args, {
          cwd: folder,
          env: toolEnv(),
          encoding: "utf8",
          stdio: ["ignore", "ignore", "pipe"],
          timeout: MOST_MS,
        });
        expect(status, stderr).toBe(0);
      });

      test.each(volumes)("sectors of %i, clusters of %i, records of %i bytes", (sectorBytes, clusterBytes, recordBytes) => {
        const name = join(scratch.path, `${sectorBytes}-${clusterBytes}-${recordBytes}`);
        if (existsSync(`${name}.refused`)) throw new Error(`ntfs3 refuses it: ${readFileSync(`${name}.refused`, "utf8")}`);
        const fileSystem = ntfs.open(new MemorySource(gunzipSync(readFileSync(`${name}.img.gz`)), "volume"));
        expect(fileSystem.details).toMatchObject({
          "sector bytes": sectorBytes,
          "cluster bytes": clusterBytes,
          "record bytes": recordBytes,
        });
        const sums = new Map(lines(`${name}.sums`).map((line) => [line.slice(68), line.slice(0, 64)]));
        expect(found(manifestOfFileSystem(fileSystem))).toEqual(
          lines(`${name}.list`)
            .map((line) => {
              const [, kind = "", size, seconds, nanoseconds, links, path = ""] =
                /^(.) \d+ (\d+) (-?\d+)\.(\d{9})0 (\d+) (.*)$/.exec(line) ?? [];
              return kind === "f"
                ? [path, kind, `${seconds}${nanoseconds}`, size, links, sums.get(path)]
                : [path, kind, `${seconds}${nanoseconds}`];
            })
            .sort(),
        );
        expect(sums.size).toBeGreaterThan(200);
      });
    },
  );

function lines(file: string): readonly string[] {
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}

const LETTERS = { file: "f", directory: "d", symlink: "l", fifo: "p", socket: "s", char: "c", block: "b" } as const;

/** In the words of find: times without a point; of directories and links neither size nor count, which are each driver's own. */
function found(manifest: Manifest): readonly unknown[] {
  return [...manifest.values()]
    .map(({ path, kind, modifiedNs, sizeBytes, linkCount, sha256 }) => {
      const shown = [Buffer.from(path, "latin1").toString(), LETTERS[kind], String(modifiedNs)];
      return kind === "file" ? [...shown, String(sizeBytes), String(linkCount), sha256] : shown;
    })
    .sort();
}
