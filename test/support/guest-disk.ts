import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryFolder } from "./repository.ts";

/** A file as ntfs-3g (p1) or the kernel (p2) described it; see `fixtures/record-mount.mjs`. */
export interface GoldenEntry {
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink" | "fifo" | "socket" | "char" | "block";
  readonly inode: number;
  readonly linkCount: number;
  readonly sizeBytes?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly modifiedNs: string;
  readonly linkTarget?: string;
  readonly rdev?: number;
  readonly sha256?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
  readonly streams?: Readonly<Record<string, { readonly sizeBytes: number; readonly sha256: string }>>;
}

export interface GoldenDisk {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly partitions: readonly { startLba: number; sectors: number; type: string; bootable: boolean }[];
  readonly volumes: Readonly<
    Record<
      "p1" | "p2",
      { readonly type: string; readonly label: string; readonly uuid: string; readonly entries: readonly GoldenEntry[] }
    >
  >;
}

/** What other tools say of `fixtures/guest-disk.img.gz`. */
export const guestDisk: GoldenDisk = JSON.parse(readFileSync(join(repositoryFolder, "fixtures/guest-disk.json"), "utf8"));
