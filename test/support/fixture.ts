import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll } from "vitest";
import { repositoryFolder } from "./repository.ts";

/** The decoded bytes of `fixtures/NAME.img.gz`. */
export function fixtureBytes(name: string): Buffer {
  return gunzipSync(readFileSync(join(repositoryFolder, "fixtures", `${name}.img.gz`)));
}

/** A folder of its own for the tests of a file, removed after them. */
export function scratchFolder(): { readonly path: string } {
  const scratch = { path: "" };
  beforeAll(() => {
    scratch.path = mkdtempSync(join(tmpdir(), "nomount-test-"));
  });
  afterAll(() => {
    if (scratch.path !== "") rmSync(scratch.path, { recursive: true, force: true });
  });
  return scratch;
}

/** Writes a fixture's image into a folder and gives its path. */
export function unpackFixture(name: string, folder: string): string {
  const path = join(folder, `${name}.img`);
  writeFileSync(path, fixtureBytes(name));
  return path;
}
