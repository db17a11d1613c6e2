import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canLoopMount, has, toolEnv } from "../../support/tools.ts";

/** DOS partitioning began the first partition on the second track: sector 63, which no block of 4 KiB is aligned with. */
export const PARTITION_BYTES = 63 * 512;

export interface DiskPlan {
  readonly file: string;
  readonly sizeBytes: number;
  readonly type: "ext4" | "ntfs";
  readonly label: string;
  /** Further arguments of mkfs. */
  readonly mkfs?: readonly string[];
  readonly mountOptions?: string;
}

/** What this machine lacks for building a disk by mounting it; empty when it can. */
export function missingForMount(type: DiskPlan["type"]): readonly string[] {
  const tools = type === "ext4" ? ["sfdisk", "mkfs.ext4"] : ["sfdisk", "mkntfs", "ntfs-3g", "fusermount3"];
  return [...(canLoopMount ? [] : ["root with a free loop device"]), ...tools.filter((tool) => !has(tool))];
}

/** A disk under construction. */
export interface Disk {
  /** The partition, as a loop device. */
  readonly device: string;
  /** With other options than the plan's, where they are given. */
  mounted(use: (top: string) => void, options?: string): void;
}

/** An MBR disk with one partition at sector 63, formatted and handed to `make`. */
export function buildDisk(plan: DiskPlan, make: (disk: Disk) => void): void {
  const missing = missingForMount(plan.type);
  if (missing.length > 0) throw new Error(`${plan.file} cannot be built: this machine lacks ${missing.join(", ")}`);
  partition(plan);
  const device = runForText("losetup", ["--find", "--show", "--offset", String(PARTITION_BYTES), plan.file]).trim();
  try {
    if (plan.type === "ext4") run("mkfs.ext4", ["-q", "-F", "-L", plan.label, ...(plan.mkfs ?? []), device]);
    else
      run("mkntfs", [
        "--quick",
        "--force",
        "-p",
        "63",
        "-H",
        "255",
        "-S",
        "63",
        "--label",
        plan.label,
        ...(plan.mkfs ?? []),
        device,
      ]);
    make({ device, mounted: (use, options = plan.mountOptions) => withMount(plan.type, options, device, use) });
  } finally {
    run("losetup", ["--detach", device]);
  }
}

/** The same without root: a folder's content, as mke2fs copies it in. */
export function buildDiskFromFolder(plan: DiskPlan, folder: string): void {
  partition(plan);
  const blocks = Math.floor((plan.sizeBytes - PARTITION_BYTES) / 4096);
  const place = ["-E", `offset=${PARTITION_BYTES}`];
  run("mke2fs", ["-q", "-F", "-t", "ext4", "-b", "4096", "-L", plan.label, ...place, "-d", folder, plan.file, String(blocks)]);
}

/** Runs a tool of the system, with `input` as its standard input. What it says is told only when it fails. */
export function run(command: string, args: readonly string[], input = ""): void {
  const { status, stderr, error } = spawnSync(command, args, { env: toolEnv(), input, encoding: "utf8", maxBuffer: 1 << 30 });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr.trim()}`);
}

export function runForText(command: string, args: readonly string[]): string {
  return execFileSync(command, args, {
    env: toolEnv(),
    encoding: "utf8",
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function partition({ file, sizeBytes, type }: DiskPlan): void {
  writeFileSync(file, "");
  truncateSync(file, sizeBytes);
  const table = `label: dos\nlabel-id: 0x6e6f6d74\nstart=63, type=${type === "ext4" ? "83" : "7"}, bootable\n`;
  run("sfdisk", ["--quiet", "--no-reread", "--no-tell-kernel", file], table);
}

function withMount(type: DiskPlan["type"], mountOptions: string | undefined, device: string, use: (top: string) => void): void {
  const top = mkdtempSync(join(tmpdir(), "nomount-bench-"));
  const options = mountOptions === undefined ? [] : ["-o", mountOptions];
  if (type === "ext4") run("mount", [...options, device, top]);
  else run("ntfs-3g", [...options, device, top]);
  try {
    use(top);
  } finally {
    run("umount", [top]);
    rmdirSync(top);
  }
}
