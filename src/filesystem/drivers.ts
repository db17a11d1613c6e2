import { extDriver } from "./ext/ext.ts";
import type { FileSystemDriver } from "./file-system.ts";
import { ntfs } from "./ntfs/driver.ts";

/** Every filesystem that is read, in the order in which they are tried. `ext2fsWasm` gives the bytes of `ext2fs.wasm`. */
export function fileSystemDrivers(ext2fsWasm: () => Uint8Array): readonly FileSystemDriver[] {
  return [extDriver(ext2fsWasm), ntfs];
}
