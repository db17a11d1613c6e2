import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { scratchFolder, unpackFixture } from "../support/fixture.ts";
import { lvm2Golden, partitions } from "../support/lvm2.ts";
import { runCommand } from "../support/run-command.ts";

const scratch = scratchFolder();

describe("the disk of a host, with guests and their snapshots", () => {
  let disk: string;
  beforeAll(() => {
    disk = unpackFixture("lvm2-host", scratch.path);
  });

  test("one info shows the nest", async () => {
    const { status, stdout } = await runCommand(["info", disk]);
    expect(status).toBe(0);
    for (const line of [
      /p1: LVM2 volume group "vm_group"/,
      /p1\/vm_group\/vm01-snapshot\/p1: ntfs "WINXP"/,
      /p1\/vm_group\/vm02-snapshot\/p1: LVM2 volume group "vg_guest"/,
      /p1\/vm_group\/vm02-snapshot\/p1\/vg_guest\/root: ext4 "root"/,
      /vm01-snapshot +13\.9?M|vm01-snapshot +14M +vm01/,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  const trees = Object.entries(lvm2Golden("lvm2-host").trees ?? {});
  test.each(trees)("one cp brings the files of %s out as they were when the snapshot was taken", async (address, entries) => {
    const folder = join(scratch.path, address.replaceAll("/", "_"));
    expect((await runCommand(["cp", disk, `${address}:/`, folder])).status).toBe(0);
    const files = entries.filter(({ kind, path }) => kind === "file" && !path.startsWith("$"));
    expect(files.length).toBeGreaterThan(2);
    for (const { path, sha256 } of files) {
      const copied = createHash("sha256").update(readFileSync(join(folder, path)));
      expect([path, copied.digest("hex")]).toEqual([path, sha256]);
    }
  });

  test("info of an address shows that volume alone, with what is known of it", async () => {
    const { stdout } = await runCommand(["info", "--long", disk, "vm01-snapshot"]);
    expect(stdout).toMatch(/^vm_group\/vm01-snapshot: 14 MiB/);
    expect(stdout).toMatch(/origin: vm01\n/);
    expect(stdout).toMatch(/store: \d+\.\d\d % of 4194304 bytes used, \d+ chunks of 4096 bytes/);
  });
});

describe("a group with its history", () => {
  let disk: string;
  beforeAll(() => {
    disk = unpackFixture("lvm2-linear", scratch.path);
  });

  test("is listed from the ring, and opened as it was: a volume that was removed is there", async () => {
    const now = await runCommand(["info", "--history", disk]);
    expect(now.stdout).toMatch(/\n +3 {2}2026-\d\d-\d\dT[\d:]+Z {2}gone, root +Write from lvcreate/);
    expect(now.stdout).not.toContain("/gone:");
    const then = await runCommand(["info", "--at-seqno", "vg-linear.1_x:3", disk]);
    expect([then.status, then.stderr]).toEqual([0, ""]);
    expect(then.stdout).toContain("p1/vg-linear.1_x/gone:");
    const json = JSON.parse((await runCommand(["info", "--history", "--json", disk])).stdout);
    const versions = json.disks[0].content.volumes[0].content.history;
    expect(versions.map(({ seqno }: { seqno: number }) => seqno)).toContain(3);
  });

  test("a text that is not there any more is an error", async () => {
    const { status, stderr } = await runCommand(["info", "--at-seqno", "vg-linear.1_x:1", disk]);
    expect(status).toBe(2);
    expect(stderr).toContain("no metadata text with seqno 1");
  });
});

describe("mirrors and several disks", () => {
  test("--leg reads one leg, and an unknown volume or leg is an error", async () => {
    const disk = unpackFixture("lvm2-raid", scratch.path);
    expect((await runCommand(["info", "--leg", "raid/raid1=1", disk])).status).toBe(0);
    for (const [leg, message] of [
      ["raid/nothing=0", "--leg raid/nothing=0: there is no such volume; mirrors are p1/raid/raid1"],
      ["raid/raid1=2", "it has 2 legs, counted from 0"],
      ["raid/raid4=0", "it is no mirror"],
    ] as const) {
      const { status, stderr } = await runCommand(["info", "--leg", leg, disk]);
      expect(status).toBe(2);
      expect(stderr).toContain(message);
    }
  });

  test("--pv brings the other physical volumes; without them their volumes are named with what they miss", async () => {
    const paths = partitions("lvm2-linear").map((source, i) => {
      const bytes = new Uint8Array(source.sizeBytes);
      source.readSync(bytes, 0);
      const path = join(scratch.path, `pv${i}.img`);
      writeFileSync(path, bytes);
      return path;
    });
    const [first = "", ...others] = paths;
    const all = await runCommand(["info", "--long", first, ...others.flatMap((path) => ["--pv", path])]);
    expect([all.status, all.stderr]).toEqual([0, ""]);
    expect(all.stdout).not.toContain("partial");
    const one = await runCommand(["info", "--long", first]);
    expect(one.stderr).toMatch(/physical volume pv1 \(id .*\) is missing; name its device too with --pv/);
    expect(one.stdout).toContain("flags: partial");
  });
});
