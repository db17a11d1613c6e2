import type { Node, Xattr } from "../../filesystem/node.ts";
import type { Facet } from "../sink.ts";
import { aclText } from "./acl.ts";
import { type PaxRecord, paxTime } from "./pax.ts";

const ACL_KEYWORDS = new Map([
  ["system.posix_acl_access", "SCHILY.acl.access"],
  ["system.posix_acl_default", "SCHILY.acl.default"],
]);

/** libarchive's words for flags (archive_entry_fflags_to_text). */
const FLAG_WORDS = new Map([
  ["immutable", "schg"],
  ["append", "sappnd"],
  ["nodump", "nodump"],
  ["noatime", "noatime"],
  ["sync", "sync"],
  ["dirsync", "dirsync"],
  ["readonly", "rdonly"],
  ["hidden", "hidden"],
  ["system", "system"],
]);

/** Extended attributes and ACLs as GNU tar (--xattrs --acls) and bsdtar restore them. */
export function attributeRecords(xattrs: readonly Xattr[], lost: (facet: Facet, why: string) => void): readonly PaxRecord[] {
  return xattrs.flatMap(({ name, value }): readonly PaxRecord[] => {
    const aclKeyword = ACL_KEYWORDS.get(name);
    if (aclKeyword === undefined) return [{ keyword: `SCHILY.xattr.${keywordPart(name)}`, value }];
    const text = aclText(value);
    if (text !== undefined) return [{ keyword: aclKeyword, value: text }];
    lost("acl", `${name} is not in the format of an ACL`);
    return [];
  });
}

/** Times besides the one of every tar. */
export function timeRecords({ accessedNs, changedNs }: Node): readonly PaxRecord[] {
  const records: PaxRecord[] = [];
  if (accessedNs !== undefined) records.push({ keyword: "atime", value: paxTime(accessedNs) });
  if (changedNs !== undefined) records.push({ keyword: "ctime", value: paxTime(changedNs) });
  return records;
}

/** What bsdtar alone restores. */
export function libarchiveRecords({ createdNs, flags }: Node): readonly PaxRecord[] {
  const records: PaxRecord[] = [];
  if (createdNs !== undefined) records.push({ keyword: "LIBARCHIVE.creationtime", value: paxTime(createdNs) });
  const words = flags.flatMap((flag) => FLAG_WORDS.get(flag) ?? []);
  if (words.length > 0) records.push({ keyword: "SCHILY.fflags", value: words.join(",") });
  return records;
}

/** A keyword ends at "=", so GNU tar writes it otherwise, and "%" with it. */
function keywordPart(name: string): string {
  return name.replaceAll("%", "%25").replaceAll("=", "%3D");
}
