import { nameFromBytes } from "../../src/bytes/names.ts";
import type { Xattr } from "../../src/filesystem/node.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { contentOf } from "./content-of-extents.ts";
import { countedBytes } from "./counted-bytes.ts";
import { type FakeNode, folder, link } from "./fake-file-system.ts";

const SECOND_NS = 1_000_000_000n;

/** An ACL in the kernel's format: version 2, then entries of tag, permissions and id (linux/posix_acl_xattr.h). */
export function aclValue(entries: readonly (readonly [tag: number, permissions: number, id: number])[]): Uint8Array {
  const value = Buffer.alloc(4 + entries.length * 8);
  value.writeUInt32LE(2);
  for (const [i, [tag, permissions, id]] of entries.entries()) {
    value.writeUInt16LE(tag, 4 + i * 8);
    value.writeUInt16LE(permissions, 6 + i * 8);
    value.writeUInt32LE(id, 8 + i * 8);
  }
  return Uint8Array.from(value);
}

/** Of an entry that names nobody. */
export const NO_ID = 0xffffffff;
export const ACCESS_ACL: Xattr = {
  name: "system.posix_acl_access",
  value: aclValue([
    [0x01, 6, NO_ID],
    [0x02, 4, 31337],
    [0x04, 4, NO_ID],
    [0x08, 7, 2_000_000_000],
    [0x10, 6, NO_ID],
    [0x20, 0, NO_ID],
  ]),
};
export const DEFAULT_ACL: Xattr = {
  name: "system.posix_acl_default",
  value: aclValue([
    [0x01, 7, NO_ID],
    [0x04, 5, NO_ID],
    [0x08, 5, 100],
    [0x10, 5, NO_ID],
    [0x20, 0, NO_ID],
  ]),
};
/** VFS_CAP_REVISION_2 with the effective bit: cap_net_raw permitted (linux/capability.h). */
export const CAPABILITY: Xattr = {
  name: "security.capability",
  value: Uint8Array.from([1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
};

const disk = new MemorySource(countedBytes(1024 * 1024));

/** 40 MiB of which 12 KiB are stored: data, hole, unwritten, data that lies before the first, and a hole at the end. */
export const HOLEY = contentOf([
  { kind: "data", lengthBytes: 4096, source: disk, offsetBytes: 65_536 },
  { kind: "hole", lengthBytes: 8 * 1024 * 1024 },
  { kind: "hole", lengthBytes: 65_536, backing: { source: disk, offsetBytes: 0 } },
  { kind: "data", lengthBytes: 8192, source: disk, offsetBytes: 4096 },
  { kind: "hole", lengthBytes: 32 * 1024 * 1024 },
]);

/** Every kind of file and every facet that a Linux filesystem keeps. Needs root to be restored whole. */
export function everything(): FakeNode {
  const twice: FakeNode = { content: countedBytes(5000), mode: 0o640, uid: 1234, gid: 5678 };
  const linkedLink = link("nowhere/../at all");
  return folder(
    {
      empty: { content: "" },
      small: { content: "hello\n", modifiedNs: 1_234_567_890n * SECOND_NS + 987_654_321n, accessedNs: 5n },
      "setuid and setgid": { content: "#!/bin/sh\n", mode: 0o6755, uid: 1000, gid: 1001 },
      "large ids": { content: "x", uid: 4_000_000_001, gid: 4_000_000_002 },
      "no permission": { content: "y", mode: 0 },
      "block-sized": { content: countedBytes(4096) },
      large: { content: countedBytes(3 * 1024 * 1024 + 17) },
      holey: { content: HOLEY },
      "all hole": { content: contentOf([{ kind: "hole", lengthBytes: 1024 * 1024 }]) },
      "small hole": {
        content: contentOf([
          { kind: "data", lengthBytes: 512, source: disk, offsetBytes: 512 },
          { kind: "hole", lengthBytes: 1024 },
          { kind: "inline", lengthBytes: 100, bytes: countedBytes(100) },
        ]),
      },
      "before 1970": { content: "z", modifiedNs: -86_400n * 365n * 20n * SECOND_NS, accessedNs: -SECOND_NS },
      "after 2242": { content: "z", modifiedNs: 9_000_000_000n * SECOND_NS + 1n },
      one: twice,
      two: twice,
      attributes: {
        content: "attributes",
        mode: 0o755,
        xattrs: [
          { name: "user.empty", value: new Uint8Array() },
          { name: "user.binary", value: Uint8Array.from({ length: 256 }, (_, i) => i) },
          { name: "user.lines", value: Uint8Array.from(Buffer.from("a=b\nc=d\n")) },
          { name: "trusted.secret", value: Uint8Array.of(0, 255) },
          CAPABILITY,
        ],
      },
      "access list": { content: "acl", mode: 0o660, xattrs: [ACCESS_ACL] },
      "capability and owner": { content: "cap", mode: 0o755, uid: 7, gid: 8, xattrs: [CAPABILITY] },
      link: link("small"),
      "absolute link": link("/etc/passwd", { uid: 1000, gid: 1000, modifiedNs: 3n * SECOND_NS + 3n }),
      "link of two names": linkedLink,
      "its other name": linkedLink,
      pipe: { kind: "fifo", mode: 0o600 },
      null: { kind: "char", device: { major: 1, minor: 3 }, mode: 0o666 },
      disk: { kind: "block", device: { major: 259, minor: 1_048_575 }, mode: 0o660, gid: 6 },
      "\u65e5\u672c\u8a9e \u00e9": { content: "unicode" },
      [nameFromBytes(Uint8Array.from(Buffer.from("latin1 \xe9\xff", "latin1")))]: { content: "no utf-8" },
      "new\nline and\ttab": { content: "control" },
      ["n".repeat(255)]: { content: "long" },
      deep: folder({
        ["d".repeat(200)]: folder({
          ["e".repeat(200)]: folder({
            f: { content: "far" },
            g: link("t".repeat(300)),
            [nameFromBytes(Uint8Array.from(Buffer.from(`long latin1 ${"\xe9".repeat(200)}`, "latin1")))]: { content: "far" },
          }),
        }),
      }),
      "default list": folder({ inside: { content: "not changed by it", mode: 0o644 } }, { mode: 0o750, xattrs: [DEFAULT_ACL] }),
      closed: folder({ inside: { content: "x" } }, { mode: 0o000, modifiedNs: 77n * SECOND_NS }),
      "sticky and setgid": folder({ inside: { content: "x", mode: 0o644 } }, { mode: 0o3777, gid: 50 }),
    },
    { mode: 0o711, modifiedNs: 42n * SECOND_NS },
  );
}
