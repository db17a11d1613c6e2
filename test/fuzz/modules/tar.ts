import { encodeHeader, type Member } from "../../../src/sink/tar/header.ts";
import { BLOCK_BYTES, type MemberType, TYPE_FLAGS, ustarHeader } from "../../../src/sink/tar/layout.ts";
import type { FuzzModule, Mutant } from "../fuzz-module.ts";
import { original } from "../originals.ts";
import type { Random } from "../random.ts";

const SECOND_NS = 1_000_000_000n;
const MOST_ID = 0x1_0000_0000;
const types = Object.keys(TYPE_FLAGS).filter((type): type is MemberType => type !== "pax header");
const paths = [
  "a",
  "usr/share/doc/readme.txt",
  `${"d/".repeat(80)}file`,
  `${"long".repeat(40)}/name`,
  "n".repeat(255),
  "ü/日本",
];

/** Tar headers: whatever a member is called and holds, what is written down of it reads back the same by the rules of pax. */
export const fuzz: FuzzModule = {
  name: "tar",
  originals: () => paths.map((path) => original(`path of ${path.length}`, new TextEncoder().encode(path))),
  run(mutant) {
    const member = memberOf(mutant);
    const found = decode(encodeHeader(member));
    const { path, linkPath, type, uid, gid, sizeBytes, modifiedNs, device } = member;
    same("path", found.path, hex(path));
    same("link path", found.linkPath, hex(linkPath ?? new Uint8Array()));
    same("type", found.typeFlag, TYPE_FLAGS[type]);
    same("ids, size, time", found.numbers, [uid, gid, sizeBytes, modifiedNs].join(" "));
    if (device !== undefined) same("device", found.device, `${device.major}:${device.minor}`);
    for (const { keyword, value } of member.records) same(keyword, hex(found.records.get(keyword)), hex(Buffer.from(value)));
  },
};

function memberOf({ bytes, random }: Mutant): Member {
  const path = bytes.map((byte) => (byte === 0 ? 1 : byte));
  const type = random.pick(types);
  return {
    type,
    path: path.length === 0 ? Uint8Array.of(0x61) : path,
    linkPath: type === "symlink" || type === "hard link" ? path.slice(0, 1 + random.below(path.length)).reverse() : undefined,
    mode: random.below(0o10000),
    uid: edge(random, 0o7777777, MOST_ID),
    gid: edge(random, 0o7777777, MOST_ID),
    sizeBytes: edge(random, 0o77777777777, Number.MAX_SAFE_INTEGER),
    modifiedNs: timeOf(random),
    device: type === "char" || type === "block" ? { major: edge(random, 0o7777777, MOST_ID), minor: random.u32() } : undefined,
    records: random.chance(0.5)
      ? [{ keyword: "SCHILY.xattr.user.x", value: random.bytes(random.pick([0, 1, 60, 90, 970, 9_960])) }]
      : [],
  };
}

/** About the greatest value that the old field holds, and anywhere else. */
function edge(random: Random, limit: number, most: number): number {
  return random.pick([0, 1, limit - 1, limit, limit + 1, most - 1, Math.floor((random.u32() / MOST_ID) * most)]);
}

function timeOf(random: Random): bigint {
  const seconds = BigInt(
    random.pick([0, 1, 0x7fffffff, 0x80000000, 0o77777777777, 0o100000000000, 15_032_385_535, random.u32()]),
  );
  const rest = BigInt(random.pick([0, 1, 5, 500_000_000, 999_999_999, random.below(1_000_000_000)]));
  return (random.chance(0.3) ? -1n : 1n) * (seconds * SECOND_NS + rest);
}

/** A reader of its own, after POSIX.1-2017, pax: a pax header if there is one, and the member's block. */
function decode(bytes: Uint8Array) {
  if (bytes.length % BLOCK_BYTES !== 0) throw new Error(`${bytes.length} bytes are no whole blocks`);
  const records = new Map<string, Uint8Array>();
  let block = blockAt(bytes, 0);
  if (block.typeFlag === "x") {
    const data = bytes.subarray(BLOCK_BYTES, BLOCK_BYTES + block.sizeBytes);
    for (let at = 0; at < data.length; ) {
      const space = data.indexOf(0x20, at);
      const length = Number(latin1(data.subarray(at, space)));
      const equals = data.indexOf(0x3d, space);
      if (!(length > 0) || data[at + length - 1] !== 0x0a)
        throw new Error(`a pax record of length ${length} does not end in a line end`);
      records.set(latin1(data.subarray(space + 1, equals)), data.subarray(equals + 1, at + length - 1));
      at += length;
    }
    block = blockAt(bytes, bytes.length - BLOCK_BYTES);
  }
  const text = (keyword: string) => (records.has(keyword) ? latin1(records.get(keyword)) : undefined);
  const modified = text("mtime");
  return {
    records,
    path: hex(records.get("path") ?? block.path),
    linkPath: hex(records.get("linkpath") ?? block.linkPath),
    typeFlag: block.typeFlag,
    numbers: [
      Number(text("uid") ?? block.uid),
      Number(text("gid") ?? block.gid),
      Number(text("size") ?? block.sizeBytes),
      modified === undefined ? BigInt(block.modified) * SECOND_NS : nanoseconds(modified),
    ].join(" "),
    device: `${text("SCHILY.devmajor") ?? block.deviceMajor}:${text("SCHILY.devminor") ?? block.deviceMinor}`,
  };
}

function blockAt(bytes: Uint8Array, offset: number) {
  const view = ustarHeader.view(bytes, offset);
  const summed = bytes
    .slice(offset, offset + BLOCK_BYTES)
    .fill(0x20, ustarHeader.offsetOf("checksum"), ustarHeader.offsetOf("typeFlag"));
  same(
    "checksum",
    octal(view.checksum),
    summed.reduce((sum, byte) => sum + byte, 0),
  );
  same("magic", latin1(view.magic), "ustar\0");
  const prefix = untilZero(view.prefix);
  const name = untilZero(view.name);
  return {
    path: prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from("/"), name]),
    linkPath: untilZero(view.linkName),
    typeFlag: latin1(view.typeFlag),
    uid: octal(view.uid),
    gid: octal(view.gid),
    sizeBytes: octal(view.sizeBytes),
    modified: octal(view.modified),
    deviceMajor: view.deviceMajor[0] === 0 ? 0 : octal(view.deviceMajor),
    deviceMinor: view.deviceMinor[0] === 0 ? 0 : octal(view.deviceMinor),
  };
}

function octal(field: Uint8Array): number {
  const digits = latin1(untilZero(field)).trim();
  if (!/^[0-7]+$/.test(digits)) throw new Error(`a number is written ${JSON.stringify(digits)}`);
  return Number.parseInt(digits, 8);
}

function nanoseconds(text: string): bigint {
  const [, sign, whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (whole === "") throw new Error(`a time is written ${JSON.stringify(text)}`);
  const magnitude = BigInt(whole) * SECOND_NS + BigInt(fraction.padEnd(9, "0"));
  return sign === "-" ? -magnitude : magnitude;
}

function untilZero(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function latin1(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes).toString("latin1");
}

function hex(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes).toString("hex");
}

function same<T>(what: string, found: T, expected: T): void {
  if (found !== expected) throw new Error(`${what}: expected ${expected}, found ${found}`);
}
