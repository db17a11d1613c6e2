import type { Attributes } from "../remote/store.ts";

const SECOND_NS = 1_000_000_000n;
const KIND = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

/** What rclone's `--metadata` keeps of a file of a Unix system, under its names (rclone.org/s3, rclone.org/local: Metadata). */
export function metadataOf(attributes: Attributes, kind: keyof typeof KIND): Record<string, string> {
  const { mode, uid, gid, modifiedNs, accessedNs, createdNs } = attributes;
  return {
    ...(modifiedNs === undefined ? {} : { mtime: secondsText(modifiedNs) }),
    ...(accessedNs === undefined ? {} : { atime: isoText(accessedNs) }),
    ...(createdNs === undefined ? {} : { btime: isoText(createdNs) }),
    ...(mode === undefined ? {} : { mode: (KIND[kind] | mode).toString(8) }),
    ...(uid === undefined ? {} : { uid: String(uid) }),
    ...(gid === undefined ? {} : { gid: String(gid) }),
  };
}

/** "1234567890.5": seconds as a decimal fraction, exact. */
function secondsText(ns: bigint): string {
  const sign = ns < 0n ? "-" : "";
  const distance = ns < 0n ? -ns : ns;
  const fraction = (distance % SECOND_NS).toString().padStart(9, "0").replace(/0+$/, "");
  return `${sign}${distance / SECOND_NS}${fraction === "" ? "" : `.${fraction}`}`;
}

export function timeFromSeconds(text: string | undefined): bigint | undefined {
  const [, sign, seconds, fraction = ""] = /^(-?)(\d{1,12})(?:\.(\d{1,9})\d*)?$/.exec(text ?? "") ?? [];
  if (seconds === undefined) return undefined;
  const ns = BigInt(seconds) * SECOND_NS + BigInt(fraction.padEnd(9, "0"));
  return sign === "-" ? -ns : ns;
}

/** RFC 3339 with nanoseconds. */
function isoText(ns: bigint): string {
  const fraction = ((ns % SECOND_NS) + SECOND_NS) % SECOND_NS;
  const date = new Date(Number((ns - fraction) / 1_000_000n));
  return `${date.toISOString().slice(0, -5)}.${fraction.toString().padStart(9, "0")}Z`;
}
