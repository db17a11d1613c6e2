import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { repositoryFolder } from "../../support/repository.ts";
import { toolEnv } from "../../support/tools.ts";
import { attempt, command } from "./command.ts";
import type { Kind } from "./kinds.ts";
import { makeOddJournal } from "./odd-journals.ts";
import { snapshot } from "./reflink-folder.ts";

const SIZE_BYTES = 192 << 20;
const programs = join(repositoryFolder, "test/oracle/journal");

interface Timing {
  readonly pauseMilliseconds?: number;
  readonly seed?: number;
  readonly frozenAfterMilliseconds?: number;
}

/** A file as a crash left it. Where the journal is external, it lies behind the filesystem. */
export interface DirtyImage {
  readonly file: string;
  readonly kind: Kind;
  readonly sizeBytes: number;
}

/**
 * Makes a filesystem, writes to it, and takes copies of it at random instants, or crashes it once. With `frozenAfterMilliseconds`
 * it is frozen for a moment first, as by the agent of a guest, which leaves nothing in the journal, and then copied once, after
 * the whole pause.
 */
export async function makeDirtyImages(
  folder: string,
  kind: Kind,
  count: number,
  { pauseMilliseconds = 900, seed = Math.floor(Math.random() * 2 ** 31), frozenAfterMilliseconds }: Timing = {},
): Promise<readonly DirtyImage[]> {
  const live = join(folder, `${kind.name}.live`);
  const top = join(folder, `${kind.name}.top`);
  mkdirSync(top, { recursive: true });
  command("truncate", "-s", String(sizeOf(kind) + (kind.externalJournalBytes ?? 0)), live);
  const devices = attach(live, kind);
  const images: DirtyImage[] = [];
  const take = (number: number) =>
    images.push({ file: snapshot(live, join(folder, `${kind.name}-${number}.img`)), kind, sizeBytes: sizeOf(kind) });
  try {
    const journal = devices.journal === undefined ? [] : ["-J", `device=${devices.journal}`];
    const blockBytes = kind.make[kind.make.indexOf("-b") + 1] ?? "4096";
    if (devices.journal !== undefined) command("mke2fs", "-q", "-F", "-O", "journal_dev", "-b", blockBytes, devices.journal);
    const type = kind.make.includes("-t") ? [] : ["-t", "ext4"];
    command("mke2fs", "-q", "-F", ...type, ...kind.make, ...journal, devices.filesystem);
    if (kind.journal !== undefined) makeOddJournal(kind.journal, devices.filesystem, top);
    command(
      "mount",
      "-t",
      "ext4",
      ...mountOptions(devices, kind.mount === undefined ? [] : [kind.mount]),
      devices.filesystem,
      top,
    );
    const load = spawn("python3", [join(programs, "workload.py"), top, String(seed), ...(kind.load ?? [])], {
      env: toolEnv(),
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      await underWay(load);
      if (frozenAfterMilliseconds !== undefined) {
        await wait(frozenAfterMilliseconds);
        command("fsfreeze", "--freeze", top);
        command("fsfreeze", "--unfreeze", top);
        await wait(pauseMilliseconds);
        take(1);
      } else if (kind.shutdown === undefined) {
        for (let number = 1; number <= count; number++) {
          await wait(Math.random() * pauseMilliseconds);
          take(number);
        }
      } else {
        await wait(pauseMilliseconds);
        command("python3", join(programs, "shutdown.py"), top, String(kind.shutdown));
      }
    } finally {
      load.kill();
      if (load.exitCode === null) await once(load, "exit");
    }
  } finally {
    attempt("umount", top);
    rmdirSync(top);
    detach(devices);
  }
  if (kind.shutdown !== undefined) take(1);
  rmSync(live);
  return images;
}

function sizeOf(kind: Kind): number {
  return kind.sizeBytes ?? SIZE_BYTES;
}

export interface Devices {
  readonly filesystem: string;
  readonly journal: string | undefined;
}

/** Loop devices on the two parts of a file. */
export function attach(file: string, kind: Kind, readOnly = false): Devices {
  const access = readOnly ? ["--read-only"] : [];
  const loop = (offset: number, size: number) =>
    command("losetup", ...access, "--find", "--show", "--offset", String(offset), "--sizelimit", String(size), file);
  return {
    filesystem: loop(0, sizeOf(kind)),
    journal: kind.externalJournalBytes === undefined ? undefined : loop(sizeOf(kind), kind.externalJournalBytes),
  };
}

export function detach(devices: Devices): void {
  for (const device of [devices.filesystem, devices.journal]) if (device !== undefined) attempt("losetup", "--detach", device);
}

export function mountOptions(devices: Devices, more: readonly string[]): string[] {
  const external = devices.journal === undefined ? [] : [`journal_path=${devices.journal}`];
  const options = [...external, ...more];
  return options.length === 0 ? [] : ["-o", options.join(",")];
}

async function underWay(load: ChildProcess): Promise<void> {
  const started = new Promise<void>((resolve, reject) => {
    load.stdout?.once("data", () => resolve());
    load.once("exit", (status) => reject(new Error(`workload.py ended with ${status}`)));
  });
  await started;
}
