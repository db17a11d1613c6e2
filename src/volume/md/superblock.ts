import { NomountError } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { mdSuperblock0, mdSuperblock1 } from "./layout.ts";
import type { Member } from "./member.ts";
import { isSuperblock0, readSuperblock0, superblock0At } from "./superblock0.ts";
import { isSuperblock1, readSuperblock1, superblocks1At } from "./superblock1.ts";

/** md takes 27 with superblocks 0.90, and 1920 with others. */
const MAX_DEVICES = 1920;

interface Found {
  readonly version: Member["version"];
  readonly at: number;
}

/** Where a source has an md superblock, by its magic; undefined where it has none. I/O errors pass through. */
export function findSuperblock(source: BlockSource): Found | undefined {
  for (const [version, at] of superblocks1At(source)) {
    const bytes = bytesAt(source, at, mdSuperblock1.sizeBytes);
    if (bytes !== undefined && isSuperblock1(bytes, at)) return { version, at };
  }
  const at = superblock0At(source);
  const bytes = at === undefined ? undefined : bytesAt(source, at, mdSuperblock0.sizeBytes);
  return at !== undefined && bytes !== undefined && isSuperblock0(bytes) ? { version: "0.90", at } : undefined;
}

/** A source as the member that it says it is. Throws `corrupt`. */
export function readMember(source: BlockSource): Member {
  const found = findSuperblock(source);
  if (found === undefined) throw new NomountError("corrupt", "md: no superblock", { where: { label: source.label } });
  const { version, at } = found;
  const member = version === "0.90" ? readSuperblock0(source, at) : readSuperblock1(source, version, at);
  const { deviceCount } = member;
  if (deviceCount > 0 && deviceCount <= MAX_DEVICES) return member;
  const where = { label: source.label, offsetBytes: at };
  throw new NomountError("corrupt", `md: superblock ${version}: an array of ${deviceCount} devices`, { where });
}

function bytesAt(source: BlockSource, offsetBytes: number, lengthBytes: number): Uint8Array | undefined {
  if (offsetBytes + lengthBytes > source.sizeBytes) return undefined;
  const bytes = new Uint8Array(lengthBytes);
  source.readSync(bytes, offsetBytes);
  return bytes;
}
