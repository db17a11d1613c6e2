import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { NomountError } from "../error.ts";

/** The reader of ext2/3/4 as this package carries it: `dist/ext2fs.wasm`, which may be replaced by another build of it. */
export function ext2fsWasm(): Uint8Array {
  const path = createRequire(import.meta.url).resolve("nomount/ext2fs.wasm");
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new NomountError("usage", `${path} is missing: "npm run build" makes it`, { cause });
  }
}
