import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryFolder } from "../support/repository.ts";

const file = join(repositoryFolder, "dist/ext2fs.wasm");

/** The built libext2fs: `npm run build` makes it. */
export function ext2fsWasm(): Uint8Array {
  if (!existsSync(file)) throw new Error("dist/ext2fs.wasm is missing: run npm run build");
  return readFileSync(file);
}
