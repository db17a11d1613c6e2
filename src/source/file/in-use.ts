import { type BigIntStats, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { deviceNumber } from "./device.ts";

/** Where the kernel tells who uses what; settable for tests. */
export interface KernelFolders {
  readonly sys: string;
  readonly proc: string;
}

const KERNEL: KernelFolders = { sys: "/sys", proc: "/proc" };

/**
 * Who may be writing to a device or image while it is read: mounts that are not read-only, devices built on it, swap, and
 * locks that virtual machines hold on their images. Each in words ("mounted at /mnt"); empty where nothing is known.
 */
export function usersOf(path: string, stat: BigIntStats, kernel: KernelFolders = KERNEL): readonly string[] {
  return stat.isBlockDevice() ? deviceUsers(deviceNumber(stat.rdev), kernel) : fileUsers(path, stat, kernel);
}

/** Of a device and the partitions the kernel has made of it. */
function deviceUsers(device: string, kernel: KernelFolders): readonly string[] {
  const folder = `${kernel.sys}/dev/block/${device}`;
  const parts = names(folder).filter((name) => lines(`${folder}/${name}/partition`).length > 0);
  const folders = [folder, ...parts.map((name) => `${folder}/${name}`)];
  const devices = new Set([device, ...folders.flatMap((each) => lines(`${each}/dev`))]);
  const holders = folders
    .flatMap((each) => names(`${each}/holders`))
    .map((name) => lines(`${kernel.sys}/block/${name}/dm/name`)[0] ?? name);
  return [
    ...mountsOf(devices, kernel),
    ...(holders.length === 0 ? [] : [`in use by ${holders.join(", ")}`]),
    ...swapsOf(devices, kernel),
  ];
}

function fileUsers(path: string, stat: BigIntStats, kernel: KernelFolders): readonly string[] {
  const real = realPath(path);
  const loops = names(`${kernel.sys}/block`)
    .filter((name) => name.startsWith("loop"))
    .filter((name) => lines(`${kernel.sys}/block/${name}/loop/backing_file`)[0] === real);
  const viaLoops = loops.flatMap((name) => {
    const device = lines(`${kernel.sys}/block/${name}/dev`)[0];
    return device === undefined ? [] : deviceUsers(device, kernel).map((use) => `${use} (through /dev/${name})`);
  });
  return [...viaLoops, ...locksOn(stat, kernel)];
}

/** proc_pid_mountinfo(5): device in the third field, place in the fifth; after "-" type, source and the filesystem's options. */
function mountsOf(devices: ReadonlySet<string>, kernel: KernelFolders): readonly string[] {
  return lines(`${kernel.proc}/self/mountinfo`).flatMap((line) => {
    const [mount = "", fileSystem = ""] = line.split(" - ");
    const [, , device = "", , place = ""] = mount.split(" ");
    const [, source = "", options = ""] = fileSystem.split(" ");
    if (!options.split(",").includes("rw")) return [];
    // btrfs and its like mount under a number of no device; their source is a path.
    const known = devices.has(device) || (source.startsWith("/") && devices.has(deviceOf(source) ?? ""));
    return known ? [`mounted at ${unescapeOctal(place)}`] : [];
  });
}

function swapsOf(devices: ReadonlySet<string>, kernel: KernelFolders): readonly string[] {
  return lines(`${kernel.proc}/swaps`).flatMap((line) => {
    const [path = ""] = line.split(/\s/);
    return path.startsWith("/") && devices.has(deviceOf(unescapeOctal(path)) ?? "") ? ["in use as swap"] : [];
  });
}

/** proc_locks(5): "1: POSIX ADVISORY WRITE 3568 fd:00:2531452 0 EOF", device in hex. */
function locksOn(stat: BigIntStats, kernel: KernelFolders): readonly string[] {
  const [major = 0, minor = 0] = deviceNumber(stat.dev).split(":").map(Number);
  const file = `${major.toString(16).padStart(2, "0")}:${minor.toString(16).padStart(2, "0")}:${stat.ino}`;
  const locked = lines(`${kernel.proc}/locks`).some((line) => line.split(/\s+/).includes(file));
  return locked ? ["locked by another program (a virtual machine that runs on it?)"] : [];
}

function deviceOf(path: string): string | undefined {
  try {
    const stat = statSync(path, { bigint: true });
    return stat.isBlockDevice() ? deviceNumber(stat.rdev) : undefined;
  } catch {
    return undefined;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** What is not there has nothing to say: not every system has these files. */
function lines(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    return [];
  }
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
