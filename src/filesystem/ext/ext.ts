import type { FileSystemDriver } from "../file-system.ts";
import { ExtFileSystem } from "./ext-file-system.ts";
import { recover } from "./journal/recover.ts";
import { hasSuperblock, readSuperblock } from "./superblock.ts";

/**
 * The driver of ext2, ext3 and ext4. `wasm` gives the bytes of `ext2fs.wasm`, which this package carries as a file of its own
 * (LGPL-2.0-only, replaceable); it is asked once, when the first filesystem is opened.
 */
export function extDriver(wasm: () => Uint8Array): FileSystemDriver {
  let module: WebAssembly.Module | undefined;
  return {
    name: "ext",
    probe: hasSuperblock,
    open: (source, options) => {
      const recovery = recover(source, readSuperblock(source), options);
      module ??= new WebAssembly.Module(wasm());
      return new ExtFileSystem(module, recovery);
    },
  };
}
