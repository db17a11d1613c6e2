import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The top folder of the repository, from wherever this file was compiled to. */
export const repositoryFolder = findRepository(dirname(fileURLToPath(import.meta.url)));

/** Where programs of the repository keep what they make: images, findings, figures. Not under version control. */
export const cacheFolder = join(repositoryFolder, ".cache");

function findRepository(folder: string): string {
  if (existsSync(join(folder, "package.json")) && existsSync(join(folder, "fixtures"))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error("package.json and fixtures/ are in no folder above this program");
  return findRepository(parent);
}
