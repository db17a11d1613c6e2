import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { NomountError } from "../../../src/error.ts";
import { deviceNumber, deviceSectorBytes, deviceSizeBytes, endByReading } from "../../../src/source/file/device.ts";
import { usersOf } from "../../../src/source/file/in-use.ts";
import { openSource } from "../../../src/source/file/open-source.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { scratchFolder } from "../../support/fixture.ts";
import { toolOutput } from "../../support/tool-output.ts";
import { canLoopMount, describeIf, describeWith } from "../../support/tools.ts";

const folder = scratchFolder();

/** What the kernel tells, as files of these contents. */
function kernel(files: Readonly<Record<string, string>>) {
  const top = join(folder.path, `kernel-${Object.keys(files).length}-${Math.random()}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(top, name)), { recursive: true });
    writeFileSync(join(top, name), text);
  }
  return { sys: join(top, "sys"), proc: join(top, "proc") };
}

const blockDevice = (rdev: bigint) => Object.assign(statSync(".", { bigint: true }), { rdev, isBlockDevice: () => true });

describe("who uses a device", () => {
  const sda = blockDevice(0x800n);

  test("a disk whose partitions are mounted, held and swapped to", () => {
    const folders = kernel({
      "sys/dev/block/8:0/dev": "8:0\n",
      "sys/dev/block/8:0/sda1/partition": "1\n",
      "sys/dev/block/8:0/sda1/dev": "8:1\n",
      "sys/dev/block/8:0/sda2/partition": "2\n",
      "sys/dev/block/8:0/sda2/dev": "8:2\n",
      "sys/dev/block/8:0/sda2/holders/dm-0/x": "",
      "sys/block/dm-0/dm/name": "vg0-root\n",
      "proc/self/mountinfo": [
        "21 1 8:1 / /boot\\040efi rw,relatime shared:1 - vfat /dev/sda1 rw,fmask=0022",
        "22 1 8:1 / /ro rw - ext4 /dev/sda1 ro,relatime",
        "23 1 9:1 / /else rw - ext4 /dev/md1 rw",
        "",
      ].join("\n"),
    });
    expect(usersOf("/dev/sda", sda, folders)).toEqual(["mounted at /boot efi", "in use by vg0-root"]);
  });

  test("nobody, where the kernel tells nothing", () => {
    expect(usersOf("/dev/sda", sda, kernel({ "sys/x": "" }))).toEqual([]);
  });

  test("device numbers above 255 are put together as Linux takes them apart", () => {
    expect(deviceNumber(0x10300n)).toBe("259:0");
    expect(deviceNumber(0xfd03n)).toBe("253:3");
    expect(deviceNumber((0x12n << 20n) | (0xfdn << 8n) | 0x34n)).toBe("253:4660");
  });
});

describe("who uses an image", () => {
  test("a program that holds a lock on it, as a virtual machine does", () => {
    const path = join(folder.path, "locked.img");
    writeFileSync(path, "x");
    const stat = statSync(path, { bigint: true });
    const [major = 0, minor = 0] = deviceNumber(stat.dev).split(":").map(Number);
    const hex = (value: number): string => value.toString(16).padStart(2, "0");
    const lock = `1: OFDLCK ADVISORY  READ  -1 ${hex(major)}:${hex(minor)}:${stat.ino} 100 101\n`;
    expect(usersOf(path, stat, kernel({ "proc/locks": lock }))).toEqual([
      "locked by another program (a virtual machine that runs on it?)",
    ]);
    expect(usersOf(path, stat, kernel({ "proc/locks": lock.replace(`:${stat.ino} `, `:${stat.ino}1 `) }))).toEqual([]);
  });
});

describeWith(["flock"], "an image under a real lock", () => {
  test("is opened with a warning", async () => {
    const path = join(folder.path, "really-locked.img");
    writeFileSync(path, countedBytes(512));
    const holder = spawn("flock", [path, "sh", "-c", "echo held; read forever"], { stdio: ["pipe", "pipe", "inherit"] });
    try {
      await new Promise((resolve) => holder.stdout.once("data", resolve));
      const warnings: NomountError[] = [];
      (await openSource(path, { warn: (warning) => warnings.push(warning) })).close();
      expect(warnings.map(({ message }) => message)).toEqual([
        `${path} is locked by another program (a virtual machine that runs on it?): what changes while it is read comes out torn; read a snapshot of it instead`,
      ]);
    } finally {
      holder.stdin.end();
    }
  });
});

describe("the size of a device", () => {
  test("is the kernel's word where sysfs has it", () => {
    const stat = blockDevice(0x800n);
    const { sys } = kernel({ "sys/dev/block/8:0/size": "2048\n", "sys/dev/block/8:0/queue/logical_block_size": "4096\n" });
    expect(deviceSizeBytes(-1, stat, sys)).toBe(2048 * 512);
    expect(deviceSectorBytes(stat, sys)).toBe(4096);
  });

  test.each([0, 1, 511, 512, 513, 1_000_000, 1_048_576])("is found by reading where there is none: %d bytes", (sizeBytes) => {
    const path = join(folder.path, "end");
    writeFileSync(path, new Uint8Array(sizeBytes));
    const fd = openSync(path, "r");
    expect(endByReading(fd)).toBe(sizeBytes);
    closeSync(fd);
  });
});

describeIf(canLoopMount, "needs root and a free loop device", "a real block device", () => {
  test("is opened with its size and sector, and a mount of it is warned of", async () => {
    const image = join(folder.path, "loop.img");
    writeFileSync(image, new Uint8Array(4 * 1024 * 1024));
    toolOutput("mke2fs", ["-q", "-t", "ext4", "-b", "4096", image]);
    const device = toolOutput("losetup", ["--show", "-f", "-b", "4096", image]).toString().trim();
    const mountPoint = join(folder.path, "mnt");
    mkdirSync(mountPoint);
    const warnings: string[] = [];
    const warn = (warning: NomountError) => void warnings.push(warning.message);
    try {
      const quiet = await openSource(device, { warn });
      expect(warnings).toEqual([]);
      expect(quiet).toMatchObject({ sizeBytes: 4 * 1024 * 1024, sectorBytes: 4096, label: device });
      const head = new Uint8Array(4096);
      quiet.readSync(head, 0);
      expect(Buffer.compare(head, readFileSync(image).subarray(0, 4096))).toBe(0);
      const { fd } = quiet.transfer?.segments[0] ?? { fd: -1 };
      expect(endByReading(fd)).toBe(4 * 1024 * 1024);
      expect(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1")).toMatch(/^flags:\s+0[0-7]*0$/m);
      quiet.close();
      toolOutput("mount", [device, mountPoint]);
      try {
        for (const path of [device, image]) (await openSource(path, { warn })).close();
      } finally {
        toolOutput("umount", [mountPoint]);
      }
      expect(warnings[0]).toContain(`${device} is mounted at ${mountPoint}: what changes while it is read comes out torn`);
      expect(warnings[1]).toContain(`${image} is mounted at ${mountPoint} (through ${device})`);
    } finally {
      toolOutput("losetup", ["-d", device]);
    }
  });
});
