import { createHash } from "node:crypto";
import { nameToBytes } from "../../src/bytes/names.ts";
import type { NomountError } from "../../src/error.ts";
import type { FileSystem } from "../../src/filesystem/file-system.ts";
import type { Node } from "../../src/filesystem/node.ts";
import { walk } from "../../src/filesystem/walk.ts";
import type { Manifest, ManifestEntry } from "./manifest.ts";

const PIECE_BYTES = 1 << 20;

/**
 * What a driver says of a whole tree, in the form in which `manifestOf` has it from a kernel mount. Damage is thrown unless
 * it is taken.
 */
export function manifestOfFileSystem(
  fileSystem: FileSystem,
  damaged: (path: string, error: NomountError) => void = (_, error) => {
    throw error;
  },
): Manifest {
  const manifest = new Map<string, ManifestEntry>();
  const first = new Map<number, string>();
  const hashes = new Map<number, string>();
  const found: { path: string; node: Node }[] = [];
  for (const { path, node } of walk(fileSystem, fileSystem.node(fileSystem.root), damaged)) {
    const bytes = Buffer.from(nameToBytes(path)).toString("latin1");
    found.push({ path: bytes, node });
    const known = first.get(node.id);
    if (known === undefined || bytes < known) first.set(node.id, bytes);
  }
  for (const { path, node } of found) {
    const { id, kind } = node;
    if (kind === "other") throw new Error(`${path}: no kind`);
    if (kind === "file" && !hashes.has(id)) hashes.set(id, hashOf(fileSystem, id));
    manifest.set(path, {
      path,
      kind,
      sizeBytes: kind === "file" ? node.sizeBytes : undefined,
      mode: node.mode ?? 0,
      uid: node.uid ?? 0,
      gid: node.gid ?? 0,
      modifiedNs: node.modifiedNs ?? 0n,
      accessedNs: node.accessedNs ?? 0n,
      linkCount: kind === "directory" ? undefined : node.linkCount,
      sameAs: first.get(id) ?? path,
      target: kind === "symlink" ? Buffer.from(nameToBytes(fileSystem.linkTarget(id))).toString("latin1") : undefined,
      device: node.device === undefined ? undefined : `${node.device.major}:${node.device.minor}`,
      xattrs: fileSystem
        .xattrs(id)
        .map(
          ({ name, value }) => `${Buffer.from(nameToBytes(name)).toString("latin1")}=0x${Buffer.from(value).toString("hex")}`,
        )
        .sort(),
      sha256: kind === "file" ? hashes.get(id) : undefined,
      allocatedBytes: 0,
    });
  }
  return manifest;
}

export function hashOf(fileSystem: FileSystem, id: number): string {
  const content = fileSystem.content(id);
  const hash = createHash("sha256");
  const piece = new Uint8Array(Math.min(PIECE_BYTES, content.sizeBytes));
  for (let at = 0; at < content.sizeBytes; at += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, content.sizeBytes - at));
    content.readSync(part, at);
    hash.update(part);
  }
  return hash.digest("hex");
}
