import { spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, linkSync, mkdirSync, openSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { toolEnv } from "../../support/tools.ts";
import { counted } from "./counted.ts";

/**
 * What a Debian root has little or nothing of. Each tool that is missing, or not allowed without root, leaves its part out
 * and says so.
 */
export function spiceExt4(top: string): void {
  mkdirSync(top);
  sizes(top);
  names(top);
  links(top);
  sparse(top);
  unwritten(top);
  attempt("mkfifo", [`${top}/fifo`]);
  for (const [name, ...device] of [
    ["null", "c", "1", "3"],
    ["sda1", "b", "8", "1"],
    ["wide-char", "c", "4093", "1023997"],
    ["wide-block", "b", "259", "65536"],
  ] as const) {
    attempt("mknod", [`${top}/${name}`, ...device]);
  }
  linkSync(`${top}/fifo`, `${top}/fifo-hard-link`);
  attempt("perl", ["-MSocket", "-e", "socket(S,PF_UNIX,SOCK_STREAM,0); bind(S,sockaddr_un($ARGV[0])) or die", `${top}/socket`]);
  attributes(top);
  modesAndOwners(top);
  times(top);
  attempt("chattr", ["+i", file(top, "immutable")]);
  attempt("chattr", ["+a", file(top, "append-only")]);
  attempt("chattr", ["+d", file(top, "no-dump")]);
}

/** The same for NTFS as far as it has such things, and what only it has. Written through ntfs-3g. */
export function spiceNtfs(top: string): void {
  mkdirSync(top);
  sizes(top);
  sparse(top);
  mkdirSync(`${top}/links`);
  linkSync(file(top, "links/one"), `${top}/links/two`);
  file(top, "n".repeat(255));
  file(top, "caf\u00e9");
  file(top, "cafe\u0301");
  file(top, "\u{1f600} surrogate pair");
  const streams = file(top, "streams");
  for (const length of [0, 5, 1000, 60_000]) {
    attempt("setfattr", ["-n", `user.s${length}`, "-v", `0x${counted(length).toString("hex")}`, streams]);
  }
  mkdirSync(`${top}/compressed`);
  attempt("setfattr", ["-n", "system.ntfs_attrib_be", "-v", "0x00000800", `${top}/compressed`]);
  writeFileSync(`${top}/compressed/text`, "the same words again and again, ".repeat(100_000));
  writeFileSync(`${top}/compressed/counted`, counted(300_000));
}

function sizes(top: string): void {
  mkdirSync(`${top}/sizes`);
  for (const length of [0, 1, 59, 60, 61, 511, 512, 700, 4095, 4096, 4097, 49_152, 49_153, 65_536, 1_000_003, 4_243_456]) {
    writeFileSync(`${top}/sizes/${length}`, counted(length));
  }
  mkdirSync(`${top}/empty-directory`);
  mkdirSync(`${top}/many`);
  for (let i = 0; i < 5000; i++) writeFileSync(`${top}/many/entry-${i}-${"x".repeat(i % 50)}`, "");
  const deep = Array.from({ length: 60 }, (_, i) => `${"d".repeat(48)}${i}`).join("/");
  mkdirSync(`${top}/${deep}`, { recursive: true });
  file(top, `${deep}/at-the-bottom`);
}

function names(top: string): void {
  mkdirSync(`${top}/names`);
  const odd = [
    Buffer.from([0x66, 0xff, 0xfe, 0x80]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from("latin-1 gr\xfc\xdfe", "latin1"),
    ...[
      "n".repeat(255),
      "line\nbreak",
      "tab\tand\rreturn",
      "back\\slash",
      " leading and trailing ",
      "-rf",
      "--",
      "...",
      "*?[x]",
      "quote'\"`$(x)",
      "caf\u00e9",
      "cafe\u0301",
      "Case",
      "case",
      "\u202egnp.exe",
      "escape\x1b[31m",
      "CON",
      "a:b",
      "\u{1f600}",
    ].map((name) => Buffer.from(name)),
  ];
  for (const name of odd) writeFileSync(Buffer.concat([Buffer.from(`${top}/names/`), name]), name);
}

function links(top: string): void {
  mkdirSync(`${top}/links/elsewhere`, { recursive: true });
  linkSync(file(top, "links/one"), `${top}/links/two`);
  linkSync(`${top}/links/one`, `${top}/links/elsewhere/three`);
  symlinkSync("one", `${top}/links/symlink`);
  linkSync(`${top}/links/symlink`, `${top}/links/symlink-hard-link`);
  const targets = {
    absolute: "/etc/passwd",
    upward: "../../../../../etc/shadow",
    dangling: "nowhere",
    itself: "itself",
    slash: "elsewhere/",
    fast: "f".repeat(59),
    slow: "s".repeat(60),
    long: "long/".repeat(200),
    longest: `/${"l".repeat(4094)}`,
    spaced: " a b ",
  };
  for (const [name, target] of Object.entries(targets)) symlinkSync(target, `${top}/links/${name}`);
  symlinkSync(Buffer.from([0x2f, 0xff, 0xfe]), `${top}/links/not-utf-8`);
}

function sparse(top: string): void {
  mkdirSync(`${top}/sparse`);
  const mebibyte = 1 << 20;
  const pieces: Readonly<Record<string, readonly [size: number, ...offsets: number[]]>> = {
    "all-hole": [150 * mebibyte],
    "hole-first": [mebibyte, mebibyte - 10],
    "hole-last": [mebibyte, 0],
    "hole-amid": [3 * mebibyte + 5, 0, 2 * mebibyte],
    islands: [100 * mebibyte, ...Array.from({ length: 90 }, (_, i) => i * mebibyte + 4096 * i)],
  };
  for (const [name, [size, ...offsets]] of Object.entries(pieces)) {
    const fd = openSync(`${top}/sparse/${name}`, "w");
    ftruncateSync(fd, size);
    for (const offset of offsets) writeSync(fd, counted(Math.min(5000, size - offset)), 0, undefined, offset);
    closeSync(fd);
  }
}

function unwritten(top: string): void {
  attempt("fallocate", ["-l", "3000000", `${top}/sparse/unwritten`]);
  attempt("fallocate", ["-l", "3000000", file(top, "sparse/partly-written")]);
  const fd = openSync(`${top}/sparse/partly-written`, "r+");
  writeSync(fd, counted(10_000), 0, undefined, 1_500_001);
  closeSync(fd);
  attempt("fallocate", ["-n", "-o", "0", "-l", "8000000", file(top, "sparse/beyond-the-end")]);
}

function attributes(top: string): void {
  mkdirSync(`${top}/attributes/defaults`, { recursive: true });
  const set = (name: string, attribute: string, value: Buffer) =>
    attempt("setfattr", ["-h", "-n", attribute, "-v", `0x${value.toString("hex")}`, file(top, `attributes/${name}`)]);
  set("text", "user.text", Buffer.from("some text"));
  set("text", "user.second", Buffer.from("more"));
  set("binary", "user.binary", Buffer.from("00ff0a0d3d22005c", "hex"));
  set("empty", "user.empty", Buffer.alloc(0));
  set("odd-name", "user.a=b c%20\u00e9", Buffer.from("odd"));
  set("trusted", "trusted.note", Buffer.from("for root"));
  set("security", "security.note", Buffer.from("a label\0"));
  set("large", "user.large", counted(3800));
  set("in-an-inode", "user.huge", counted(60_000));
  for (let i = 0; i < 40; i++) set("many", `user.number-${i}`, counted(i));
  symlinkSync("text", `${top}/attributes/symlink`);
  attempt("setfattr", ["-h", "-n", "trusted.link", "-v", "on the link", `${top}/attributes/symlink`]);
  attempt("setcap", ["cap_net_raw+ep", file(top, "attributes/capable")]);
  attempt("setcap", ["-n", "100000", "cap_net_raw,cap_sys_admin+eip", file(top, "attributes/capable-in-namespace")]);
  attempt("setfacl", ["-m", "u:1000:rwx,g:4000000000:r,m::rx", file(top, "attributes/acl")]);
  attempt("setfacl", ["-m", "u:1:r,d:u:1000:rw,d:g:5:rwx", `${top}/attributes/defaults`]);
  file(top, "attributes/defaults/inherits");
}

function modesAndOwners(top: string): void {
  mkdirSync(`${top}/modes`);
  for (const mode of ["0000", "0400", "0777", "1644", "2755", "4755", "6755", "7777"]) {
    attempt("chown", ["33:33", file(top, `modes/${mode}`)]);
    attempt("chmod", [mode, `${top}/modes/${mode}`]);
  }
  for (const owner of ["65534:65535", "65536:70000", "4294967294:4294967294"]) {
    attempt("chown", [owner, file(top, `modes/owner-${owner.replace(":", "-")}`)]);
  }
  symlinkSync("0777", `${top}/modes/owned-symlink`);
  attempt("chown", ["-h", "1000:1000", `${top}/modes/owned-symlink`]);
  for (const mode of ["0000", "1777", "2775", "7755"]) {
    mkdirSync(`${top}/modes/directory-${mode}`);
    file(top, `modes/directory-${mode}/inside`);
    attempt("chmod", [mode, `${top}/modes/directory-${mode}`]);
  }
}

function times(top: string): void {
  mkdirSync(`${top}/times`);
  const moments = [
    "1901-12-13T20:45:52.000000000Z",
    "1915-06-01T12:00:00.123456789Z",
    "1969-12-31T23:59:59.999999999Z",
    "1970-01-01T00:00:00.000000000Z",
    "1970-01-01T00:00:00.000000001Z",
    "2001-09-09T01:46:40.987654321Z",
    "2038-01-19T03:14:07.999999999Z",
    "2038-01-19T03:14:08.000000001Z",
    "2200-02-28T00:00:00.500000000Z",
    "2446-05-10T22:38:55.123456789Z",
  ];
  for (const moment of moments) {
    const name = moment.slice(0, 10) + moment.slice(19);
    mkdirSync(`${top}/times/directory ${name}`);
    symlinkSync("target", `${top}/times/symlink ${name}`);
    const paths = [file(top, `times/file ${name}`), `${top}/times/directory ${name}`, `${top}/times/symlink ${name}`];
    attempt("touch", ["-h", "-m", "-d", moment, ...paths]);
    attempt("touch", ["-h", "-a", "-d", moments[3] ?? moment, ...paths]);
  }
  attempt("touch", ["-h", "-d", "1950-01-02T03:04:05.678901234Z", `${top}/fifo`, `${top}/sda1`]);
}

function file(top: string, path: string): string {
  writeFileSync(`${top}/${path}`, path, { flag: "a" });
  return `${top}/${path}`;
}

function attempt(tool: string, args: readonly string[]): void {
  const { status, error, stderr } = spawnSync(tool, args, { env: toolEnv(), encoding: "utf8" });
  if (status !== 0) process.stderr.write(`left out of the spice: ${tool} ${args.at(-1)}: ${error?.message ?? stderr.trim()}\n`);
}
