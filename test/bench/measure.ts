import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../support/repository.ts";
import { has, isRoot, toolEnv } from "../support/tools.ts";
import { commandUnderTest } from "./build-under-test.ts";
import type { Contender, Job } from "./contenders.ts";

export interface Measured {
  readonly seconds: number;
  /** User and system time of what `$TIME` stood before; undefined without GNU time. */
  readonly cpuSeconds: number | undefined;
  /** Of the largest process among them. */
  readonly peakBytes: number | undefined;
  /** The worst exit status among them. */
  readonly status: number;
  readonly complaints: string;
}

/** What happens to the result of a run before it is thrown away. */
export interface Use {
  /** A shell command that takes a stream. */
  readonly sink: string;
  /** Looks at the folder, when the run is over. */
  readonly look?: (out: string) => Promise<void>;
}

export const canMountTmpfs = isRoot && spawnSync("mount", ["--version"], { env: toolEnv() }).status === 0;
export const hasTime = has("time");

/** One run of a contender, its output on a fresh tmpfs: a used filesystem creates files several times slower. */
export async function measure(contender: Contender, job: Job, use: Use): Promise<Measured> {
  const script = contender.script(job);
  if (script === undefined) throw new Error(`${contender.name} cannot do ${job.work}`);
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "nomount-bench-"));
  if (canMountTmpfs) mountTmpfs(folder);
  const [out, mnt, times] = [join(folder, "out"), join(folder, "mnt"), join(folder, "times")];
  try {
    spawnSync("mkdir", [out, mnt]);
    const measured = runScript(script, times, {
      TIME: hasTime ? `time -a -o ${times} -f %U/%S/%M/%x` : "",
      NOMOUNT: `${process.execPath} ${commandUnderTest}`,
      IMAGE: job.image.file,
      OFFSET: String(job.image.partitionBytes),
      OUT: out,
      MNT: mnt,
      SINK: use.sink,
    });
    await use.look?.(out);
    return measured;
  } finally {
    spawnSync("umount", ["--quiet", mnt], { env: toolEnv() });
    if (canMountTmpfs) spawnSync("umount", [folder], { env: toolEnv() });
    rmSync(folder, { recursive: true, force: true });
  }
}

/** So long the kernel may take to forget: where a mount of the machine hangs it never ends, and nothing can end it. */
const FORGET_MS = 60_000;
let forgets = true;

/** Forgets what the kernel has of files in memory; false where it will not. */
export async function dropCaches(): Promise<boolean> {
  if (!forgets) return false;
  const child = spawn("sh", ["-c", "sync; echo 3 > /proc/sys/vm/drop_caches"], { stdio: "ignore", detached: true });
  child.unref();
  forgets = await new Promise<boolean>((resolve) => {
    const late = setTimeout(() => resolve(false), FORGET_MS);
    child.once("error", () => resolve(false));
    child.once("exit", (status) => {
      clearTimeout(late);
      resolve(status === 0);
    });
  });
  if (!forgets) process.stdout.write("without cold caches: the kernel does not drop them, or we are not root\n");
  return forgets;
}

/** Brings a file into the kernel's memory, holes too. */
export function readWhole(file: string): void {
  spawnSync("sh", ["-c", 'cat "$0" > /dev/null', file], { stdio: "ignore" });
}

function mountTmpfs(folder: string): void {
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=16g,nr_inodes=0", "tmpfs", folder], {
    env: toolEnv(),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`no fresh tmpfs: ${stderr.trim()}`);
}

function runScript(script: string, times: string, variables: Record<string, string>): Measured {
  const started = process.hrtime.bigint();
  const { status, stderr, error } = spawnSync("sh", ["-c", script], {
    env: { ...toolEnv(), ...variables },
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    maxBuffer: 1 << 28,
    cwd: cacheFolder,
  });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (error !== undefined) throw error;
  const lines = existsSync(times) ? readFileSync(times, "utf8").split("\n") : [];
  const rows = lines.filter((line) => line.split("/").length === 4).map((line) => line.split("/").map(Number));
  const complaints = stderr.trim().slice(0, 2000);
  if (rows.length === 0) return { seconds, cpuSeconds: undefined, peakBytes: undefined, status: status ?? 1, complaints };
  return {
    seconds,
    cpuSeconds: rows.reduce((sum, [user = 0, system = 0]) => sum + user + system, 0),
    peakBytes: Math.max(...rows.map(([, , kibibytes = 0]) => kibibytes * 1024)),
    status: Math.max(...rows.map(([, , , exit = 0]) => exit)),
    complaints,
  };
}
