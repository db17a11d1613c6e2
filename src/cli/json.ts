import type { Node } from "../filesystem/node.ts";
import type { Location } from "../image/image.ts";
import { addressOf, lastName } from "./address-of.ts";
import { isoTime } from "./format/time.ts";

/**
 * One file in JSON, as README "JSON" documents it. Names keep bytes that are no UTF-8 as lone surrogates U+DC80..U+DCFF, as
 * Python's surrogateescape has them. What the format does not keep is null.
 */
export function fileJson(location: Location, path: string, node: Node) {
  return {
    address: addressOf(location, path),
    volume: location.place.address,
    path,
    name: lastName(path),
    kind: node.kind,
    id: node.id,
    sizeBytes: node.sizeBytes,
    mode: node.mode === undefined ? null : node.mode.toString(8).padStart(4, "0"),
    uid: node.uid ?? null,
    gid: node.gid ?? null,
    linkCount: node.linkCount,
    modified: timeJson(node.modifiedNs),
    changed: timeJson(node.changedNs),
    accessed: timeJson(node.accessedNs),
    created: timeJson(node.createdNs),
    device: node.device ?? null,
    flags: node.flags,
    linkTarget: node.kind === "symlink" ? location.fileSystem.linkTarget(node.id) : null,
  };
}

function timeJson(ns: bigint | undefined): string | null {
  return ns === undefined ? null : isoTime(ns);
}
