import { createHmac } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../failure.ts";

/** What the files say of the key that a host shows. */
export type Verdict = "known" | "unknown" | "changed" | "revoked";

interface Line {
  readonly marker: string | undefined;
  readonly hosts: string;
  readonly keyType: string;
  readonly key: string;
  /** "FILE:LINE", for messages. */
  readonly place: string;
}

/** The host keys that a user trusts, in OpenSSH's files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"), hashed names included. */
export class KnownHosts {
  readonly #lines: readonly Line[];

  /** Files that are not there are empty. */
  static read(files: readonly string[]): KnownHosts {
    return new KnownHosts(files.flatMap((file) => linesOf(textOf(file), file)));
  }

  private constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  /** `host`: as OpenSSH names it, "[host]:port" where the port is not 22. `key`: the public key as it stands in the files, decoded. */
  judge(host: string, key: Buffer): { readonly verdict: Verdict; readonly place: string | undefined } {
    const text = key.toString("base64");
    const ofHost = this.#lines.filter(({ hosts }) => matchesHost(hosts, host));
    const revoked = ofHost.find((line) => line.marker === "@revoked" && line.key === text);
    if (revoked !== undefined) return { verdict: "revoked", place: revoked.place };
    const plain = ofHost.filter(({ marker }) => marker === undefined);
    const same = plain.find((line) => line.key === text);
    if (same !== undefined) return { verdict: "known", place: same.place };
    const other = plain.find((line) => line.keyType === keyTypeOf(key)) ?? plain[0];
    return other === undefined ? { verdict: "unknown", place: undefined } : { verdict: "changed", place: other.place };
  }

  /** The types of the keys that are known of a host: it is asked to show one of those. */
  keyTypes(host: string): readonly string[] {
    const ofHost = this.#lines.filter(({ marker, hosts }) => marker === undefined && matchesHost(hosts, host));
    return [...new Set(ofHost.map(({ keyType }) => keyType))];
  }
}

/** Trusts a key from now on. Throws an error of the system. */
export function addKnownHost(file: string, host: string, key: Buffer): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const text = textOf(file);
  const newline = text === "" || text.endsWith("\n") ? "" : "\n";
  appendFileSync(file, `${newline}${host} ${keyTypeOf(key)} ${key.toString("base64")}\n`, { mode: 0o600 });
}

/** The name that a host has in the files. */
export function hostInFiles(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** RFC 4253, 6.6: a key begins with the name of its type. */
export function keyTypeOf(key: Buffer): string {
  const length = key.length < 4 ? 0 : key.readUInt32BE(0);
  return key.subarray(4, 4 + Math.min(length, 100)).toString("latin1");
}

function linesOf(text: string, file: string): readonly Line[] {
  return text.split("\n").flatMap((line, i) => {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith("@") === true ? words.shift() : undefined;
    const [hosts, keyType, key] = words;
    if (hosts === undefined || hosts === "" || hosts.startsWith("#") || keyType === undefined || key === undefined) return [];
    return [{ marker, hosts, keyType, key, place: `${file}:${i + 1}` }];
  });
}

/** Patterns with * and ?, one with ! excludes; or a hashed name: |1|salt|HMAC-SHA1 of the name|. */
function matchesHost(patterns: string, host: string): boolean {
  if (patterns.startsWith("|1|")) {
    const [, , salt = "", hash = ""] = patterns.split("|");
    return createHmac("sha1", Buffer.from(salt, "base64")).update(host).digest("base64") === hash;
  }
  return matchesPatterns(patterns.split(","), host);
}

/** Whether one of them matches, and none that has "!" before it. */
export function matchesPatterns(patterns: readonly string[], host: string): boolean {
  const name = host.toLowerCase();
  const matches = (pattern: string): boolean => {
    const source = pattern
      .toLowerCase()
      .replace(/[.*+?^${}()|[\]\\]/g, (sign) => (sign === "*" ? ".*" : sign === "?" ? "." : `\\${sign}`));
    return new RegExp(`^${source}$`, "s").test(name);
  };
  if (patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && matches(pattern));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return "";
    throw error;
  }
}
