import { nameFromBytes } from "../../bytes/names.ts";
import type { Xattr } from "../node.ts";
import { extendedAttribute } from "./layout.ts";

/** What the Windows Subsystem for Linux keeps of a file in extended attributes (Microsoft, "File Permissions for WSL"). */
export interface LinuxMetadata {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** With the bits of the kind. */
  readonly mode: number | undefined;
  readonly device: { readonly major: number; readonly minor: number } | undefined;
}

/** Windows allows 64 KiB. */
export const MAX_EXTENDED_BYTES = 64 * 1024;
const LINUX_NAMES = new Set(["$LXUID", "$LXGID", "$LXMOD", "$LXDEV"]);
const NAMESPACES = ["user.", "security.", "system.", "trusted."];

const NOTHING: LinuxMetadata = { uid: undefined, gid: undefined, mode: undefined, device: undefined };

/** The entries of an $EA value; ends at the first that does not fit. */
export function parseExtendedAttributes(bytes: Uint8Array): readonly Xattr[] {
  const found: Xattr[] = [];
  for (let at = 0; at + extendedAttribute.sizeBytes <= bytes.length; ) {
    const { nextOffset, nameBytes, valueBytes } = extendedAttribute.view(bytes, at);
    const nameAt = at + extendedAttribute.sizeBytes;
    const valueAt = nameAt + nameBytes + 1;
    if (nameBytes === 0 || valueAt + valueBytes > bytes.length) break;
    const name = nameFromBytes(bytes.subarray(nameAt, nameAt + nameBytes));
    found.push({ name, value: bytes.slice(valueAt, valueAt + valueBytes) });
    if (nextOffset < extendedAttribute.sizeBytes) break;
    at += nextOffset;
  }
  return found;
}

/**
 * As xattrs: names that already have a namespace of Linux (its ntfs3 driver writes them so) as they are, others below
 * "user."; without those that are a file's mode and owner.
 */
export function xattrsOf(attributes: readonly Xattr[]): readonly Xattr[] {
  return attributes
    .filter(({ name }) => !LINUX_NAMES.has(name))
    .map(({ name, value }) => ({ name: NAMESPACES.some((space) => name.startsWith(space)) ? name : `user.${name}`, value }));
}

export function linuxMetadata(attributes: readonly Xattr[]): LinuxMetadata {
  if (attributes.length === 0) return NOTHING;
  const numbers = (name: string): readonly number[] => {
    const value = attributes.find((attribute) => attribute.name === name)?.value ?? new Uint8Array();
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    return Array.from({ length: value.length >> 2 }, (_, i) => view.getUint32(i * 4, true));
  };
  const [major, minor] = numbers("$LXDEV");
  return {
    uid: numbers("$LXUID")[0],
    gid: numbers("$LXGID")[0],
    mode: numbers("$LXMOD")[0],
    device: major === undefined || minor === undefined ? undefined : { major, minor },
  };
}
