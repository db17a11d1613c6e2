import { lstatSync, mkdtempSync, rmdirSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Manifest, manifestOf } from "../../support/manifest.ts";
import { attempt } from "./command.ts";
import { attach, type DirtyImage, detach, mountOptions } from "./dirty-images.ts";
import { snapshot } from "./reflink-folder.ts";

/** What the kernel makes of a dirty image. */
export interface KernelView {
  /** What mount(8) said, where the kernel does not mount it. What follows is then what lies on the disk after the attempt. */
  readonly refused: string | undefined;
  readonly manifest: Manifest;
  /** How many links each directory has. */
  readonly directoryLinks: ReadonlyMap<string, number>;
  readonly freeBlocks: number;
  readonly freeInodes: number;
  /** Between these, nanoseconds since 1970, lies whatever time the kernel's recovery itself wrote. */
  readonly mountedNs: readonly [bigint, bigint];
}

/** Mounts a copy of the image for writing, as after a crash, and lists what is there. */
export async function kernelView(image: DirtyImage, change: (copy: string) => void = () => {}): Promise<KernelView> {
  const copy = snapshot(image.file, `${image.file}.kernel`);
  const top = mkdtempSync(join(tmpdir(), "nomount-mount-"));
  change(copy);
  const devices = attach(copy, image.kind);
  try {
    const begun = nowNs();
    const options = mountOptions({ ...image.kind, mount: "noatime" }, devices);
    const { status, stderr } = attempt("mount", "-t", "ext4", ...options, devices.filesystem, top);
    const mountedNs = [begun, nowNs()] as const;
    const refused = status === 0 ? undefined : stderr.trim();
    if (refused !== undefined) {
      const beneath = mountOptions({ ...image.kind, mount: "ro,noload" }, devices);
      const again = attempt("mount", "-t", "ext4", ...beneath, devices.filesystem, top);
      if (again.status !== 0) throw new Error(`${image.file}: ${refused}; without its journal: ${again.stderr}`);
    }
    try {
      const { bfree, ffree } = statfsSync(top);
      const manifest = await manifestOf(top);
      return { refused, manifest, directoryLinks: linksOf(top, manifest), freeBlocks: bfree, freeInodes: ffree, mountedNs };
    } finally {
      attempt("umount", top);
    }
  } finally {
    detach(devices);
    rmSync(copy);
    rmdirSync(top);
  }
}

/** What mount(8) says where the kernel does not mount a copy of the image; undefined where it does. */
export function refusalOf(image: DirtyImage): string | undefined {
  const copy = snapshot(image.file, `${image.file}.kernel`);
  const top = mkdtempSync(join(tmpdir(), "nomount-mount-"));
  const devices = attach(copy, image.kind);
  try {
    const { status, stderr } = attempt("mount", "-t", "ext4", ...mountOptions(image.kind, devices), devices.filesystem, top);
    if (status === 0) attempt("umount", top);
    return status === 0 ? undefined : stderr.trim();
  } finally {
    detach(devices);
    rmSync(copy);
    rmdirSync(top);
  }
}

function linksOf(top: string, manifest: Manifest): ReadonlyMap<string, number> {
  const links = new Map<string, number>();
  for (const { path, kind } of manifest.values()) {
    if (kind !== "directory") continue;
    links.set(path, lstatSync(Buffer.concat([Buffer.from(`${top}/`), Buffer.from(path, "latin1")])).nlink);
  }
  return links;
}

/** The kernel's clock for files is some milliseconds behind. */
function nowNs(): bigint {
  return BigInt(Date.now() - 20) * 1_000_000n;
}
