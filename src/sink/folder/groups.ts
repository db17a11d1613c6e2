import type { Extent } from "../../source/block-source.ts";
import { takesRoom } from "../../source/window.ts";
import type { Job } from "./job.ts";

/** What is read before any of it is written. */
export const SLAB_BYTES = 2 * 1024 * 1024;
/** Files of which less is stored are read together, in the order in which they lie on the source. */
const SMALL_FILE_BYTES = 256 * 1024;

export interface Numbered {
  readonly number: number;
  readonly job: Job;
  /** Of a small file what is stored, 0 of what is no file; undefined of what uses the slab alone. */
  readonly smallBytes: number | undefined;
}

/** Small files as many as the slab holds, whatever else is between them; large ones use the slab alone. */
export function* groups(jobs: readonly Job[]): Generator<readonly Numbered[]> {
  let group: Numbered[] = [];
  let room = SLAB_BYTES;
  for (const [number, job] of jobs.entries()) {
    const smallBytes = smallBytesOf(job);
    if (smallBytes === undefined || smallBytes > room) {
      if (group.length > 0) yield group;
      group = [];
      room = SLAB_BYTES;
    }
    group.push({ number, job, smallBytes });
    room = smallBytes === undefined ? 0 : room - smallBytes;
  }
  if (group.length > 0) yield group;
}

function smallBytesOf(job: Job): number | undefined {
  if (job.kind === "part") return undefined;
  if (job.kind !== "file") return 0;
  const bytes = storedBytes(job.extents);
  return bytes <= SMALL_FILE_BYTES ? bytes : undefined;
}

function storedBytes(extents: readonly Extent[]): number {
  let bytes = 0;
  for (const extent of extents) if (takesRoom(extent)) bytes += extent.lengthBytes;
  return bytes;
}
