import { linkSync, symlinkSync } from "node:fs";
import { NomountError } from "../../error.ts";
import { reason, systemCode } from "../failure.ts";
import type { Facet } from "../sink.ts";
import { applyMetadata, type Lost, NO_NATIVE } from "./apply.ts";
import { claim } from "./claim.ts";
import type { Job, Metadata } from "./job.ts";
import type { Native } from "./native.ts";
import type { FolderSettings } from "./settings.ts";

/** Everything that is made by one call: links, fifos, sockets, devices. Throws what the system says. */
export function makeNode(
  job: Extract<Job, { kind: "symlink" | "hard link" | "special" }>,
  settings: FolderSettings,
  native: Native | undefined,
  lost: Lost,
): void {
  const made = claim(job.path, settings, (target) => {
    if (job.kind === "symlink") symlinkSync(job.target, target);
    else if (job.kind === "hard link") linkTo(job.existing, target);
    else makeSpecial(job, target, native);
  });
  if (job.kind !== "hard link") applyMetadata(made.target, job.metadata, undefined, settings, native, lost);
  made.commit();
}

/** A kind of file that this destination cannot have; the entry is omitted. */
export class Unavailable extends Error {
  readonly facet: Facet;
  constructor(facet: Facet, why: string) {
    super(why);
    this.facet = facet;
  }
}

/** stat(2), the S_IFMT part. */
const FILE_TYPES = { fifo: 0o010000, char: 0o020000, block: 0o060000, socket: 0o140000 } as const;
const DEFAULT_MODE = 0o666;

function makeSpecial(job: Extract<Job, { kind: "special" }>, target: Buffer, native: Native | undefined): void {
  const { kind, mode = DEFAULT_MODE } = job.metadata;
  if (!isSpecial(kind)) throw new NomountError("unsupported", `a file of kind "${kind}" cannot be made`);
  const facet = kind === "fifo" || kind === "socket" ? kind : "device";
  if (native === undefined) throw new Unavailable(facet, NO_NATIVE);
  try {
    native.makeNode(target, FILE_TYPES[kind] | (mode & 0o777), job.device);
  } catch (error) {
    const code = systemCode(error);
    if (code === "EPERM" || code === "EACCES") throw new Unavailable(facet, `only root can make it: ${reason(error)}`);
    throw error;
  }
}

function isSpecial(kind: Metadata["kind"]): kind is keyof typeof FILE_TYPES {
  return kind in FILE_TYPES;
}

function linkTo(existing: Buffer, target: Buffer): void {
  try {
    linkSync(existing, target);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    throw new NomountError("sink", "the other name of this file, of which it was to be a link, was not copied");
  }
}
