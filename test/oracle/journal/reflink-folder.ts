import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt, command } from "./command.ts";

/** A folder on XFS, where a copy of a file is one instant of it, and costs nothing. Closing it removes everything in it. */
export interface ReflinkFolder {
  readonly path: string;
  close(): void;
}

export function openReflinkFolder(sizeGibibytes = 24): ReflinkFolder {
  const outer = mkdtempSync(join(tmpdir(), "nomount-journal-"));
  const file = join(outer, "xfs.img");
  const path = join(outer, "xfs");
  mkdirSync(path);
  command("truncate", "-s", `${sizeGibibytes}G`, file);
  command("mkfs.xfs", "-q", "-m", "reflink=1", file);
  command("mount", "-o", "loop", file, path);
  return {
    path,
    close: () => {
      attempt("umount", path);
      rmSync(outer, { recursive: true, force: true });
    },
  };
}

/** One instant of a file, however much it is being written. */
export function snapshot(file: string, copy: string): string {
  command("cp", "--reflink=always", file, copy);
  return copy;
}
