import { lstatSync, mkdtempSync, rmdirSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Manifest, manifestOf } from "../../support/manifest.ts";
import { checksumOf } from "./checksum.ts";
import { attempt } from "./command.ts";
import { attach, type DirtyImage, detach, mountOptions } from "./dirty-images.ts";
import type { Kind } from "./kinds.ts";
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
  try {
    change(copy);
    const begun = nowNs();
    const first = mounted(copy, image.kind, top, { options: ["noatime"] });
    const mountedNs = [begun, nowNs()] as const;
    if (first.refused === undefined) return { refused: undefined, mountedNs, ...(await look(first)) };
    // On a device that cannot be written the kernel leaves orphans alone, too: all is as the first attempt left it.
    const second = mounted(copy, image.kind, top, { options: ["ro", "noload"], readOnly: true });
    if (second.refused !== undefined) {
      throw new Error(`${image.file}: ${first.refused}; without its journal: ${second.refused}`);
    }
    return { refused: first.refused, mountedNs, ...(await look(second)) };
  } finally {
    rmSync(copy);
    rmdirSync(top);
  }
}

/** What mount(8) says of a copy of the image, and whether the attempt changed the copy. Undefined where the kernel mounts it. */
export function refusalOf(image: DirtyImage): { readonly refused: string; readonly changed: boolean } | undefined {
  const copy = snapshot(image.file, `${image.file}.kernel`);
  const top = mkdtempSync(join(tmpdir(), "nomount-mount-"));
  try {
    const mount = mounted(copy, image.kind, top);
    if (mount.refused !== undefined) return { refused: mount.refused, changed: checksumOf(copy) !== checksumOf(image.file) };
    mount.unmount();
    return undefined;
  } finally {
    rmSync(copy);
    rmdirSync(top);
  }
}

type Mount = { readonly refused: string } | { readonly refused: undefined; readonly top: string; readonly unmount: () => void };

function mounted(
  file: string,
  kind: Kind,
  top: string,
  { options = [], readOnly = false }: { options?: readonly string[]; readOnly?: boolean } = {},
): Mount {
  const devices = attach(file, kind, readOnly);
  const { status, stderr } = attempt("mount", "-t", "ext4", ...mountOptions(devices, options), devices.filesystem, top);
  if (status !== 0) {
    detach(devices);
    return { refused: stderr.trim() };
  }
  const unmount = () => {
    attempt("umount", top);
    detach(devices);
  };
  return { refused: undefined, top, unmount };
}

async function look(mount: Extract<Mount, { refused: undefined }>) {
  const { top, unmount } = mount;
  try {
    const { bfree, ffree } = statfsSync(top);
    const manifest = await manifestOf(top);
    return { manifest, directoryLinks: linksOf(top, manifest), freeBlocks: bfree, freeInodes: ffree };
  } finally {
    unmount();
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
