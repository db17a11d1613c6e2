import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where the images are built, once: NOMOUNT_BENCH_DIR, or a folder of the user's cache. About 15 GB for the full set. */
export const imageFolder =
  process.env["NOMOUNT_BENCH_DIR"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "nomount-bench");

/** What is known of a built image; it lies beside it as NAME.json. */
export interface ImageFacts {
  readonly name: string;
  readonly file: string;
  readonly partitionBytes: number;
  readonly type: "ext4" | "ntfs";
  /** Of the recipe: an image that an older one built is built anew. */
  readonly recipe: number;
  /** How it was made: "loop mount", or what stood in for it. */
  readonly madeBy: string;
  readonly entries: number;
}

/** The image of that name, built now if it is not there yet. */
export function cachedImage(
  name: string,
  recipe: number,
  build: (file: string) => Omit<ImageFacts, "name" | "file" | "recipe">,
): ImageFacts {
  const file = join(imageFolder, `${name}.img`);
  const factsFile = join(imageFolder, `${name}.json`);
  if (existsSync(file) && existsSync(factsFile)) {
    const facts = JSON.parse(readFileSync(factsFile, "utf8")) as ImageFacts;
    if (facts.recipe === recipe) return { ...facts, file };
  }
  mkdirSync(imageFolder, { recursive: true });
  rmSync(factsFile, { force: true });
  const unfinished = `${file}.unfinished`;
  rmSync(unfinished, { force: true });
  const facts: ImageFacts = { name, file, recipe, ...build(unfinished) };
  renameSync(unfinished, file);
  writeFileSync(factsFile, `${JSON.stringify(facts, undefined, 2)}\n`);
  return facts;
}
