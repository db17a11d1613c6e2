import { BLOCK_BYTES, type MemberType, TYPE_FLAGS, ustarHeader } from "./layout.ts";
import { encodePax, type PaxRecord, paddingOf, paxTime } from "./pax.ts";

/** A member of an archive as its header tells it. */
export interface Member {
  readonly type: MemberType;
  readonly path: Uint8Array;
  /** Of links. */
  readonly linkPath: Uint8Array | undefined;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of the data that follows. */
  readonly sizeBytes: number;
  readonly modifiedNs: bigint;
  readonly device: { readonly major: number; readonly minor: number } | undefined;
  /** What else goes into a pax header: attributes, further times. */
  readonly records: readonly PaxRecord[];
}

const MAX_ID = 0o7777777;
const MAX_DEVICE = 0o7777777;
const MAX_SIZE = 0o77777777777;
const MAX_TIME_S = 0o77777777777n;
const SECOND_NS = 1_000_000_000n;

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true });
const field = (name: Parameters<typeof ustarHeader.offsetOf>[0]): number => ustarHeader.offsetOf(name);
const AT = {
  name: field("name"),
  mode: field("mode"),
  uid: field("uid"),
  gid: field("gid"),
  sizeBytes: field("sizeBytes"),
  modified: field("modified"),
  checksum: field("checksum"),
  typeFlag: field("typeFlag"),
  linkName: field("linkName"),
  magic: field("magic"),
  deviceMajor: field("deviceMajor"),
  deviceMinor: field("deviceMinor"),
  prefix: field("prefix"),
} as const;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const SLASH = 0x2f;

/** The blocks ahead of a member's data: a pax header where the old one cannot say it all, and the old one. */
export function encodeHeader(member: Member): Uint8Array {
  const records = [...ownRecords(member), ...member.records];
  const block = ustarBlock(member);
  if (records.length === 0) return block;
  const pax = encodePax(records);
  const paxBlock = ustarBlock({
    ...BARE,
    type: "pax header",
    path: paxHeaderPath(member.path),
    sizeBytes: pax.length,
    modifiedNs: member.modifiedNs,
  });
  const all = new Uint8Array(BLOCK_BYTES + pax.length + paddingOf(pax.length) + BLOCK_BYTES);
  all.set(paxBlock);
  all.set(pax, BLOCK_BYTES);
  all.set(block, all.length - BLOCK_BYTES);
  return all;
}

const BARE = { linkPath: undefined, mode: 0o644, uid: 0, gid: 0, device: undefined, records: [] };

/** What the member has that does not fit into the fields of its block. */
function ownRecords(member: Member): readonly PaxRecord[] {
  const records: PaxRecord[] = [];
  const { path, linkPath, uid, gid, sizeBytes, modifiedNs, device } = member;
  const path_ = needsRecord(path, splitPath(path) !== undefined);
  const linkPath_ = linkPath !== undefined && needsRecord(linkPath, linkPath.length <= NAME_BYTES);
  // The only names that a record holds though they are no UTF-8 are too long for the block. bsdtar wants to be told.
  if ((path_ && !isUtf8(path)) || (linkPath_ && !isUtf8(linkPath))) records.push({ keyword: "hdrcharset", value: "BINARY" });
  if (path_) records.push({ keyword: "path", value: path });
  if (linkPath_) records.push({ keyword: "linkpath", value: linkPath });
  if (uid > MAX_ID) records.push({ keyword: "uid", value: String(uid) });
  if (gid > MAX_ID) records.push({ keyword: "gid", value: String(gid) });
  if (sizeBytes > MAX_SIZE) records.push({ keyword: "size", value: String(sizeBytes) });
  if (modifiedNs % SECOND_NS !== 0n || secondsOf(modifiedNs) !== modifiedNs / SECOND_NS)
    records.push({ keyword: "mtime", value: paxTime(modifiedNs) });
  if (device !== undefined && device.major > MAX_DEVICE)
    records.push({ keyword: "SCHILY.devmajor", value: String(device.major) });
  if (device !== undefined && device.minor > MAX_DEVICE)
    records.push({ keyword: "SCHILY.devminor", value: String(device.minor) });
  return records;
}

/** The block says only ASCII for sure; what is no UTF-8, a record cannot say, so it stays in the block where it fits. */
function needsRecord(path: Uint8Array, fits: boolean): boolean {
  return !fits || (!path.every((byte) => byte < 0x80) && isUtf8(path));
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function ustarBlock({ type, path, linkPath, mode, uid, gid, sizeBytes, modifiedNs, device }: Member): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  const split = splitPath(path);
  block.set(split === undefined ? path.subarray(0, NAME_BYTES) : path.subarray(split.nameStart), AT.name);
  if (split !== undefined && split.prefixEnd > 0) block.set(path.subarray(0, split.prefixEnd), AT.prefix);
  if (linkPath !== undefined) block.set(linkPath.subarray(0, NAME_BYTES), AT.linkName);
  octal(block, AT.mode, 7, mode);
  octal(block, AT.uid, 7, Math.min(uid, MAX_ID));
  octal(block, AT.gid, 7, Math.min(gid, MAX_ID));
  octal(block, AT.sizeBytes, 11, sizeBytes > MAX_SIZE ? 0 : sizeBytes);
  octal(block, AT.modified, 11, Number(secondsOf(modifiedNs)));
  block.set(encoder.encode(TYPE_FLAGS[type]), AT.typeFlag);
  block.set(MAGIC_AND_VERSION, AT.magic);
  if (device !== undefined) {
    octal(block, AT.deviceMajor, 7, Math.min(device.major, MAX_DEVICE));
    octal(block, AT.deviceMinor, 7, Math.min(device.minor, MAX_DEVICE));
  }
  block.fill(0x20, AT.checksum, AT.checksum + 8);
  let sum = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) sum += block[i] ?? 0;
  octal(block, AT.checksum, 6, sum);
  block[AT.checksum + 6] = 0;
  return block;
}

const MAGIC_AND_VERSION = encoder.encode("ustar\u000000");

/** The time as the block can hold it; a record says it better where that is not enough. */
function secondsOf(ns: bigint): bigint {
  const seconds = ns / SECOND_NS;
  if (ns < 0n) return 0n;
  return seconds > MAX_TIME_S ? MAX_TIME_S : seconds;
}

function octal(block: Uint8Array, at: number, digits: number, value: number): void {
  let rest = value;
  for (let i = digits - 1; i >= 0; i--) {
    block[at + i] = 0x30 + (rest % 8);
    rest = Math.floor(rest / 8);
  }
}

/** Where a path is divided into prefix and name so that both fit, or undefined where it cannot be. */
function splitPath(path: Uint8Array): { readonly prefixEnd: number; readonly nameStart: number } | undefined {
  if (path.length <= NAME_BYTES) return { prefixEnd: 0, nameStart: 0 };
  // A slash at the end is the name's own, and says that it is a directory.
  const slash = path.lastIndexOf(SLASH, Math.min(PREFIX_BYTES, path.length - 2));
  if (slash <= 0 || path.length - slash - 1 > NAME_BYTES) return undefined;
  return { prefixEnd: slash, nameStart: slash + 1 };
}

/** A name for people who unpack with a program that knows no pax: the same each time, so that the same tree gives the same tar. */
function paxHeaderPath(path: Uint8Array): Uint8Array {
  const end = path.at(-1) === SLASH ? path.length - 1 : path.length;
  const name = path.subarray(path.lastIndexOf(SLASH, end - 1) + 1, end);
  const folder = encoder.encode("PaxHeaders/");
  const whole = new Uint8Array(Math.min(NAME_BYTES, folder.length + name.length));
  whole.set(folder);
  whole.set(name.subarray(0, whole.length - folder.length), folder.length);
  return whole;
}
