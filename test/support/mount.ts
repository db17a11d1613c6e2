import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toolEnv } from "./tools.ts";

export interface Mountable {
  readonly file: string;
  readonly partitionBytes: number;
  readonly type: "ext4" | "ntfs";
}

/**
 * Mounts a partition of an image read-only, without replaying its journal, for as long as `use` runs; streams of NTFS as
 * extended attributes or by their names on Windows. Needs root.
 */
export async function withMounted<T>(
  image: Mountable,
  use: (top: string) => Promise<T>,
  ntfsStreams: "xattr" | "windows" = "xattr",
): Promise<T> {
  const top = mkdtempSync(join(tmpdir(), "nomount-mount-"));
  const device = run("losetup", "--read-only", "--find", "--show", "--offset", String(image.partitionBytes), image.file);
  try {
    if (image.type === "ext4") run("mount", "-t", "ext4", "-o", "ro,noload", device, top);
    else run("ntfs-3g", "-o", `ro,streams_interface=${ntfsStreams}`, device, top);
    try {
      return await use(top);
    } finally {
      run("umount", top);
    }
  } finally {
    run("losetup", "--detach", device);
    rmdirSync(top);
  }
}

/** An empty folder for as long as `use` runs, in memory where the machine has a place for that. */
export async function withFreshFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "nomount-test-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { env: toolEnv(), encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr.trim()}`);
  return stdout.trim();
}
