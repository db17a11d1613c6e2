import { spawnSync } from "node:child_process";
import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { scratchFolder, unpackFixture } from "../support/fixture.ts";
import { guestDisk } from "../support/guest-disk.ts";
import { runCommand } from "../support/run-command.ts";
import { describeWith, toolEnv } from "../support/tools.ts";

interface PlaceJson {
  readonly address: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly volume: { readonly bootable: boolean; readonly type: { readonly id: string } };
  readonly content: Readonly<Record<string, unknown>>;
}

const scratch = scratchFolder();
let disk: string;
beforeAll(() => {
  disk = unpackFixture("guest-disk", scratch.path);
});

describe("the guest disk", () => {
  test("is shown as a tree: partitions as fdisk has them, then what they hold", async () => {
    const { status, stdout, stderr } = await runCommand(["info", disk]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout.replace(disk, "guest-disk.img")).toMatchInlineSnapshot(`
      "guest-disk.img: 31.4 MiB, 32901120 bytes, 64260 sectors of 512 bytes
        MBR partition table 0x1c0ffee5
          Volume  Boot  Start    End  Sectors   Size  Id  Type             Offset
          p1      *        63  48194    48132  23.5M   7  HPFS/NTFS/exFAT  @32256
          p2            48195  64259    16065   7.8M  83  Linux            @24675840
          p1: ntfs "WINXP" A0B1C2D3E4F50617, 15.2 MiB of 23.5 MiB used, dirty: marked dirty: Windows would check it
          p2: ext4 "raiz" 5b1f2f0e-63f1-4a58-9a53-3d4c6f0a7e11, 1.7 MiB of 7.8 MiB used, clean
      "
    `);
  });

  test("in JSON has the table that sfdisk wrote and the filesystems that mkntfs and mke2fs made", async () => {
    const { status, stdout } = await runCommand(["info", "--json", disk]);
    expect(status).toBe(0);
    const { disks, warnings } = JSON.parse(stdout);
    expect(warnings).toEqual([]);
    expect(disks).toHaveLength(1);
    const [{ address, sizeBytes, content }] = disks;
    expect({ address, sizeBytes, kind: content.kind, scheme: content.scheme, sectorBytes: content.sectorBytes }).toEqual({
      address: "",
      sizeBytes: guestDisk.sizeBytes,
      kind: "volumes",
      scheme: "mbr",
      sectorBytes: 512,
    });
    expect(
      content.volumes.map(({ address, offsetBytes, sizeBytes, volume, content }: PlaceJson) => {
        const { bootable, type } = volume;
        const { type: filesystem, label, uuid } = content;
        return { address, offsetBytes, sizeBytes, bootable, type: type.id, filesystem, label, uuid };
      }),
    ).toEqual(
      guestDisk.partitions.map(({ startLba, sectors, type, bootable }, i) => {
        const { type: filesystem, label, uuid } = guestDisk.volumes[i === 0 ? "p1" : "p2"];
        const id = `0x${type.padStart(2, "0")}`;
        return {
          address: `p${i + 1}`,
          offsetBytes: startLba * 512,
          sizeBytes: sectors * 512,
          bootable,
          type: id,
          filesystem,
          label,
          uuid,
        };
      }),
    );
  });

  test("with --long tells what is known of each filesystem", async () => {
    const { stdout } = await runCommand(["info", "--long", disk]);
    expect(stdout).toMatch(/^ +block bytes: 1024/m);
    expect(stdout).toMatch(/^ +features: .*metadata_csum/m);
  });
});

describe("a disk whose table is lost", () => {
  let lost: string;
  beforeAll(() => {
    lost = join(scratch.path, "lost.img");
    writeFileSync(lost, "");
    const copied = spawnSync("cp", ["--sparse=always", disk, lost]);
    expect(copied.status).toBe(0);
    const fd = openSync(lost, "r+");
    writeSync(fd, new Uint8Array(512), 0, 512, 0);
    closeSync(fd);
  });

  test("shows nothing, and says what to do", async () => {
    expect((await runCommand(["info", lost])).stdout).toContain("nothing that nomount knows");
    const { status, stderr } = await runCommand(["ls", lost]);
    expect(status).toBe(1);
    expect(stderr).toContain("info --scan");
  });

  test("gives its filesystems to --scan, at addresses that other commands take", async () => {
    const { stdout } = await runCommand(["info", "--scan", lost]);
    for (const { startLba } of guestDisk.partitions) expect(stdout).toMatch(new RegExp(`^ +@${startLba * 512}: `, "m"));
    const [, { startLba = 0 } = {}] = guestDisk.partitions;
    for (const address of [`@${startLba * 512}:/etc/hostname`, `@${startLba}s:/etc/hostname`]) {
      expect((await runCommand(["cat", lost, address])).stdout).toBe("invitado\n");
    }
  });
});

describe("a damaged disk", () => {
  test("with a torn superblock shows the rest, and the exit status says that something is missing", async () => {
    const torn = join(scratch.path, "torn.img");
    spawnSync("cp", ["--sparse=always", disk, torn]);
    const fd = openSync(torn, "r+");
    // s_mnt_count of the ext4 superblock: its checksum no longer holds.
    writeSync(fd, Uint8Array.of(77), 0, 1, (guestDisk.partitions[1]?.startLba ?? 0) * 512 + 1024 + 0x34);
    closeSync(fd);
    const { status, stdout } = await runCommand(["info", torn]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/p1: ntfs "WINXP"/);
    expect(stdout).toMatch(/p2: .*cannot be read: ext4: superblock checksum/i);
  });

  test("that is cut short says so on every command, and what lies before the end still comes", async () => {
    const cut = join(scratch.path, "cut.img");
    spawnSync("cp", ["--sparse=always", disk, cut]);
    truncateSync(cut, guestDisk.sizeBytes - 1_000_000);
    for (const args of [
      ["info", cut],
      ["ls", cut, "p2:/etc"],
      ["cat", cut, "p2:/etc/hostname"],
      ["find", cut, "p2:/etc"],
    ]) {
      const { stderr, status } = await runCommand(args);
      expect(stderr).toMatch(/^nomount: warning: .*end/m);
      expect(status).toBe(0);
    }
  });
});

describeWith(["fdisk", "sfdisk"], "other tables, beside fdisk", () => {
  const tables = {
    "MBR with logical partitions":
      "label: dos\nstart=63,size=1000,type=7,bootable\nstart=2048,size=8192,type=5\nstart=2111,size=1000,type=83\nstart=4000,size=999,type=82\nstart=12000,size=77,type=c\n",
    GPT: 'label: gpt\nstart=2048,size=4096,type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B,name="EFI System"\nstart=6144,size=1000,type=0FC63DAF-8483-4772-8E79-3D69D8477DE4,name="ra\\xc3\\xadz"\n',
  };
  for (const [name, script] of Object.entries(tables)) {
    test(`${name}: the same volumes, sectors, sizes and types`, async () => {
      const image = join(scratch.path, `${name}.img`);
      writeFileSync(image, "");
      truncateSync(image, 16 * 1024 * 1024);
      // The kernel has nothing to be told of a file; sfdisk would also wait for every disk of the machine (sync(2)).
      const args = ["-q", "--no-tell-kernel", image];
      expect(spawnSync("sfdisk", args, { input: script, env: toolEnv(), timeout: 30_000 }).status).toBe(0);
      const columns = ["Device", "Start", "End", "Sectors", "Size", "Type"];
      const theirs = spawnSync("fdisk", ["-l", "-u", "-o", columns.join(","), image], {
        env: toolEnv(),
        encoding: "utf8",
      }).stdout;
      const rows = theirs.split("\n").filter((line) => line.startsWith(image));
      const expected = rows.map((row) => {
        const cells = row.slice(image.length).trim().split(/\s+/);
        return [`p${cells[0]}`, ...cells.slice(1, 5), cells.slice(5).join(" ")];
      });
      const { stdout } = await runCommand(["info", image]);
      const lines = stdout.split("\n").filter((line) => /^ +p\d+ .*\d/.test(line) && !line.includes(":"));
      const ours = lines.map((line) => {
        const [volume, ...cells] = line.trim().replace(" * ", " ").split(/ {2,}/);
        const isMbr = script.startsWith("label: dos");
        return [volume, ...cells.slice(0, 4), cells[isMbr ? 5 : 4]];
      });
      expect(ours).toEqual(expected);
    });
  }
});
