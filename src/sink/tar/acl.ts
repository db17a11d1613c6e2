import { aclEntry, aclHeader } from "./acl-layout.ts";

const VERSION = 2;

/** linux/posix_acl.h */
const TAGS = new Map([
  [0x01, { word: "user", named: false }],
  [0x02, { word: "user", named: true }],
  [0x04, { word: "group", named: false }],
  [0x08, { word: "group", named: true }],
  [0x10, { word: "mask", named: false }],
  [0x20, { word: "other", named: false }],
]);

/**
 * A POSIX ACL in the kernel's format as the text that tars carry (SCHILY.acl.access and .default, from star): entries
 * "user:NAME:rwx:ID" with commas between them. The name is the number too, since the guest's names are not the reader's; GNU
 * tar takes it, and bsdtar looks at the number behind. Undefined when the value is not in that format.
 */
export function aclText(value: Uint8Array): string | undefined {
  const entryBytes = aclEntry.sizeBytes;
  if (value.length < aclHeader.sizeBytes || (value.length - aclHeader.sizeBytes) % entryBytes !== 0) return undefined;
  if (aclHeader.view(value).version !== VERSION) return undefined;
  const entries: string[] = [];
  for (let at = aclHeader.sizeBytes; at < value.length; at += entryBytes) {
    const { tag, permissions, id } = aclEntry.view(value, at);
    const known = TAGS.get(tag);
    if (known === undefined || permissions > 7) return undefined;
    const text = `${known.word}:${known.named ? id : ""}:${permissionText(permissions)}`;
    entries.push(known.named ? `${text}:${id}` : text);
  }
  return entries.join(",");
}

function permissionText(permissions: number): string {
  return ["r", "w", "x"].map((letter, i) => (permissions & (4 >> i) ? letter : "-")).join("");
}
