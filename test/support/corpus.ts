import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { repositoryFolder } from "./repository.ts";

/** A folder of real images beside the repository, or where NOMOUNT_CORPUS says; they are no part of the project. */
const folder = process.env["NOMOUNT_CORPUS"] ?? join(repositoryFolder, "../shared/corpus");

export function hasCorpus(...names: readonly string[]): boolean {
  return names.every((name) => existsSync(join(folder, `${name}.gz`)));
}

/** The decompressed image of that name, as a file in `into`. */
export function corpusImage(name: string, into: string): string {
  const file = join(into, name);
  writeFileSync(file, gunzipSync(readFileSync(join(folder, `${name}.gz`))));
  return file;
}
