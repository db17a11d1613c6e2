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
const MAX_TIME_S = 0o77777777777;
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

let scratch = new Uint8Array(16 * BLOCK_BYTES);

/**
 * The blocks ahead of a member's data: a pax header where the old one cannot say it all, and the old one. Valid until the next
 * call: each is copied into the stream at once, and memory for every one of them would cost more than all the rest.
 */
export function encodeHeader(member: Member): Uint8Array {
  const records = [...ownRecords(member), ...member.records];
  const pax = records.length === 0 ? undefined : encodePax(records);
  const paxBytes = pax === undefined ? 0 : BLOCK_BYTES + pax.length + paddingOf(pax.length);
  const lengthBytes = paxBytes + BLOCK_BYTES;
  if (lengthBytes > scratch.length) scratch = new Uint8Array(lengthBytes * 2);
  scratch.fill(0, 0, lengthBytes);
  if (pax !== undefined) {
    putPaxName(scratch, member.path);
    putFields(scratch, 0, { ...PAX_FIELDS, sizeBytes: pax.length, modifiedNs: member.modifiedNs });
    scratch.set(pax, BLOCK_BYTES);
  }
  putNames(scratch, paxBytes, member);
  putFields(scratch, paxBytes, member);
  return scratch.subarray(0, lengthBytes);
}

const PAX_FIELDS = { type: "pax header", mode: 0o644, uid: 0, gid: 0, device: undefined } as const;

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
  if (modifiedNs % SECOND_NS !== 0n || BigInt(secondsOf(modifiedNs)) !== modifiedNs / SECOND_NS)
    records.push({ keyword: "mtime", value: paxTime(modifiedNs) });
  if (device !== undefined && device.major > MAX_DEVICE)
    records.push({ keyword: "SCHILY.devmajor", value: String(device.major) });
  if (device !== undefined && device.minor > MAX_DEVICE)
    records.push({ keyword: "SCHILY.devminor", value: String(device.minor) });
  return records;
}

/** The block says only ASCII for sure; what is no UTF-8, a record cannot say, so it stays in the block where it fits. */
function needsRecord(path: Uint8Array, fits: boolean): boolean {
  return !fits || (!isAscii(path) && isUtf8(path));
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] ?? 0) >= 0x80) return false;
  return true;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function putNames(into: Uint8Array, start: number, { path, linkPath }: Member): void {
  const split = splitPath(path);
  if (split === undefined) putBytes(into, start + AT.name, path, 0, NAME_BYTES);
  else {
    putBytes(into, start + AT.name, path, split.nameStart, path.length);
    putBytes(into, start + AT.prefix, path, 0, split.prefixEnd);
  }
  if (linkPath !== undefined) putBytes(into, start + AT.linkName, linkPath, 0, Math.min(NAME_BYTES, linkPath.length));
}

/** A name for people who unpack with a program that knows no pax: the same each time, so that the same tree gives the same tar. */
function putPaxName(into: Uint8Array, path: Uint8Array): void {
  const end = path.at(-1) === SLASH ? path.length - 1 : path.length;
  const start = path.lastIndexOf(SLASH, end - 1) + 1;
  putBytes(into, AT.name, PAX_FOLDER, 0, PAX_FOLDER.length);
  putBytes(into, AT.name + PAX_FOLDER.length, path, start, Math.min(end, start + NAME_BYTES - PAX_FOLDER.length));
}

const PAX_FOLDER = encoder.encode("PaxHeaders/");

/** Everything but the names, and the checksum over it all. */
function putFields(into: Uint8Array, start: number, fields: Omit<Member, "path" | "linkPath" | "records">): void {
  const { type, mode, uid, gid, sizeBytes, modifiedNs, device } = fields;
  putOctal(into, start + AT.mode, 7, mode);
  putOctal(into, start + AT.uid, 7, Math.min(uid, MAX_ID));
  putOctal(into, start + AT.gid, 7, Math.min(gid, MAX_ID));
  putOctal(into, start + AT.sizeBytes, 11, sizeBytes > MAX_SIZE ? 0 : sizeBytes);
  putOctal(into, start + AT.modified, 11, secondsOf(modifiedNs));
  into[start + AT.typeFlag] = TYPE_FLAGS[type].charCodeAt(0);
  putBytes(into, start + AT.magic, MAGIC_AND_VERSION, 0, MAGIC_AND_VERSION.length);
  if (device !== undefined) {
    putOctal(into, start + AT.deviceMajor, 7, Math.min(device.major, MAX_DEVICE));
    putOctal(into, start + AT.deviceMinor, 7, Math.min(device.minor, MAX_DEVICE));
  }
  for (let i = 0; i < CHECKSUM_BYTES; i++) into[start + AT.checksum + i] = SPACE;
  putOctal(into, start + AT.checksum, 6, sumOfBytes(into, start));
  into[start + AT.checksum + 6] = 0;
}

/** The sum over a block, four bytes at a time in two lanes of 16 bits, which 256 bytes of 255 do not fill. */
function sumOfBytes(bytes: Uint8Array, start: number): number {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + start, BLOCK_BYTES / 4);
  let lanes = 0;
  for (const word of words) lanes += (word & 0xff00ff) + ((word >>> 8) & 0xff00ff);
  return (lanes & 0xffff) + (lanes >>> 16);
}

const MAGIC_AND_VERSION = encoder.encode("ustar\u000000");
const CHECKSUM_BYTES = 8;
const SPACE = 0x20;

/** The time as the block can hold it; a record says it better where that is not enough. */
function secondsOf(ns: bigint): number {
  return ns < 0n ? 0 : Math.min(Number(ns / SECOND_NS), MAX_TIME_S);
}

/** Names are short: a loop costs less than the two views that a copy would take. */
function putBytes(into: Uint8Array, at: number, from: Uint8Array, start: number, end: number): void {
  for (let i = start; i < end; i++) into[at + i - start] = from[i] ?? 0;
}

function putOctal(into: Uint8Array, at: number, digits: number, value: number): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    into[i] = 0x30 + (rest % 8);
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
