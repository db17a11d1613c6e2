import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { repositoryFolder } from "../support/repository.ts";
import type { Original, Target } from "./fuzz-module.ts";

const folder = join(repositoryFolder, "fixtures");

/** The decompressed bytes of `fixtures/NAME.img.gz`. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(join(folder, `${name}.img.gz`))));
}

/** The fixtures whose names begin so, without ".img.gz", in order: modules take new ones in by themselves. */
export function fixturesNamed(prefix: string, largestBytes = 64 << 20): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.startsWith(prefix) && file.endsWith(".img.gz"))
    .map((file) => file.slice(0, -".img.gz".length))
    .filter((name) => decompressedBytes(name) <= largestBytes)
    .sort();
}

/** Without targets every byte is as likely as any other. */
export function original(
  name: string,
  bytes: Uint8Array,
  targets: readonly Target[] = [],
  repair?: Original["repair"],
): Original {
  return { name, bytes, targets, ...(repair === undefined ? {} : { repair }) };
}

/** As the last four bytes of a gzip file tell (RFC 1952, section 2.3.1: ISIZE). */
function decompressedBytes(name: string): number {
  const file = readFileSync(join(folder, `${name}.img.gz`));
  return file.readUInt32LE(file.length - 4);
}
