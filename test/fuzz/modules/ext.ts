import { extDriver } from "../../../src/filesystem/ext/ext.ts";
import { CachedSource } from "../../../src/source/cached.ts";
import { extOriginals } from "../ext-originals.ts";
import type { FuzzModule } from "../fuzz-module.ts";
import { fixture, fixturesNamed } from "../originals.ts";
import { useFileSystem } from "../use-file-system.ts";
import { ext2fsWasm } from "../wasm.ts";

const LARGEST_BYTES = 16 << 20;
/** p2 of the sample guest. */
const GUEST_START_BYTES = 48_195 * 512;

const driver = extDriver(ext2fsWasm);

/** ext2, ext3 and ext4: everything that a mutant holds, copied in thought. */
export const fuzz: FuzzModule = {
  name: "ext",
  originals: () => [
    ...extOriginals("guest-disk p2", fixture("guest-disk").slice(GUEST_START_BYTES)),
    ...fixturesNamed("ext", LARGEST_BYTES).flatMap((name) => extOriginals(name, fixture(name))),
  ],
  run({ source, random }) {
    const cached = new CachedSource(source);
    if (!driver.probe(cached)) return;
    const fileSystem = driver.open(cached);
    try {
      useFileSystem(fileSystem, random);
    } finally {
      fileSystem.close();
    }
  },
};
