import { damageOf } from "../error.ts";
import type { FileSystem } from "../filesystem/file-system.ts";
import type { Node, StreamInfo, Xattr } from "../filesystem/node.ts";
import type { Planned } from "./plan.ts";

export type StreamsOption = "none" | "beside" | "xattr";

/** What Linux takes as the value of one attribute (XATTR_SIZE_MAX in linux/limits.h). */
const MAX_XATTR_BYTES = 65_536;

/** A named stream as a file, with the owner and times of the file that it belongs to. */
export function streamAsFile(fileSystem: FileSystem, path: string, owner: Node, stream: string): Planned {
  const content = fileSystem.content(owner.id, stream);
  const node: Node = {
    id: owner.id,
    kind: "file",
    sizeBytes: content.sizeBytes,
    mode: owner.mode,
    uid: owner.uid,
    gid: owner.gid,
    linkCount: 1,
    device: undefined,
    flags: [],
    modifiedNs: owner.modifiedNs,
    changedNs: owner.changedNs,
    accessedNs: owner.accessedNs,
    createdNs: owner.createdNs,
  };
  return { entry: { path, node, linkTarget: undefined, hardLinkTo: undefined, xattrs: [] }, content };
}

/** Named streams as attributes "user.NAME", as ntfs-3g has them; those too large for one are said. */
export function streamXattrs(
  fileSystem: FileSystem,
  { id }: Node,
  streams: readonly StreamInfo[],
  lost: (name: string, why: string) => void,
): readonly Xattr[] {
  return streams.flatMap(({ name, sizeBytes }) => {
    if (sizeBytes > MAX_XATTR_BYTES) {
      lost(name, "more bytes than an extended attribute holds");
      return [];
    }
    try {
      const value = new Uint8Array(sizeBytes);
      fileSystem.content(id, name).readSync(value, 0);
      return [{ name: `user.${name}`, value }];
    } catch (error) {
      lost(name, damageOf(error).message);
      return [];
    }
  });
}
