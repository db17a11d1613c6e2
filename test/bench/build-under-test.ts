import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, repositoryFolder } from "../support/repository.ts";

const folder = join(cacheFolder, "bench/nomount");

/** The command of a copy of the build: one that is built anew while it is measured ends at once, with nothing done. */
export const commandUnderTest = join(folder, "dist/cli/main.js");

/** Takes the copy. Inside the repository, since its dependencies are found from there. */
export function copyBuild(): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ["package.json", "dist"]) cpSync(join(repositoryFolder, part), join(folder, part), { recursive: true });
}
