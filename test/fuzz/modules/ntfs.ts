import { ntfs } from "../../../src/filesystem/ntfs/driver.ts";
import type { FuzzModule } from "../fuzz-module.ts";
import { ntfsOriginals } from "../ntfs-originals.ts";
import { fixture, fixturesNamed } from "../originals.ts";
import { useFileSystem } from "../use-file-system.ts";

const LARGEST_BYTES = 32 << 20;
/** p1 of the sample guest. */
const GUEST_START_BYTES = 63 * 512;
const GUEST_SECTORS = 48_132;

/** NTFS: everything that a mutant holds, copied in thought. */
export const fuzz: FuzzModule = {
  name: "ntfs",
  originals: () => [
    ...ntfsOriginals("guest-disk p1", fixture("guest-disk").slice(GUEST_START_BYTES, GUEST_START_BYTES + GUEST_SECTORS * 512)),
    ...fixturesNamed("ntfs-", LARGEST_BYTES).flatMap((name) => ntfsOriginals(name, fixture(name))),
  ],
  run({ source, random }) {
    if (!ntfs.probe(source)) return;
    const fileSystem = ntfs.open(source);
    try {
      if (fileSystem.space.freeBytes > fileSystem.space.sizeBytes) throw new Error("more is free than there is");
      useFileSystem(fileSystem, random);
      for (const name of ["$MFT", "$extend", "HIBERFIL.SYS", "ÑANDÚ"]) fileSystem.lookup(fileSystem.root, name);
    } finally {
      fileSystem.close();
    }
  },
};
