import { describe, expect, test } from "vitest";
import { nameToBytes } from "../../../src/bytes/names.ts";
import { fileSystemDrivers } from "../../../src/filesystem/drivers.ts";
import type { FileSystem } from "../../../src/filesystem/file-system.ts";
import { walk } from "../../../src/filesystem/walk.ts";
import type { Place } from "../../../src/image/image.ts";
import { openImage } from "../../../src/image/open-image.ts";
import { ext2fsWasm } from "../../../src/node/ext2fs-wasm.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { volumeDrivers } from "../../../src/volume/drivers.ts";
import { fixtureBytes } from "../../support/fixture.ts";
import { contentOf, lvm2Golden } from "../../support/lvm2.ts";

function open(...images: readonly string[]) {
  const warnings: string[] = [];
  const sources = images.map((name) => new MemorySource(fixtureBytes(name), `${name}.img`));
  const image = openImage(sources, {
    volumeDrivers,
    fileSystemDrivers: fileSystemDrivers(ext2fsWasm),
    warn: ({ message }) => warnings.push(message),
  });
  return { image, warnings };
}

/** A tree in the form of `fixtures/record-mount.mjs`, as far as both filesystems have it. */
function factsOf(fileSystem: FileSystem) {
  const facts = [];
  const damaged = (_: string, error: Error) => {
    throw error;
  };
  for (const { path, node } of walk(fileSystem, fileSystem.node(fileSystem.root), damaged)) {
    const { kind, modifiedNs, linkCount } = node;
    if (kind === "directory" && path.startsWith("$")) continue;
    facts.push({
      path,
      kind,
      modifiedNs: String(modifiedNs),
      linkCount: kind === "directory" ? undefined : linkCount,
      sha256: kind === "file" ? contentOf(fileSystem.content(node.id)).sha256 : undefined,
      linkTarget: kind === "symlink" ? Buffer.from(nameToBytes(fileSystem.linkTarget(node.id))).toString() : undefined,
    });
  }
  return facts.sort((a, b) => (a.path < b.path ? -1 : 1));
}

const volumesIn = (places: Iterable<Place>) =>
  [...places].filter(({ volume }) => volume !== undefined && volume.hidden !== true);

describe("the disk of a host", () => {
  const { image, warnings } = open("lvm2-host");

  test("shows the nest at one look: guests' partitions, and the guest's own group in the disk and in its snapshot", () => {
    expect(warnings).toEqual([]);
    expect(volumesIn(image.places()).map(({ address }) => address)).toEqual([
      "p1",
      "p1/vm_group/vm01",
      "p1/vm_group/vm01/p1",
      "p1/vm_group/vm01/p2",
      "p1/vm_group/vm02",
      "p1/vm_group/vm02/p1",
      "p1/vm_group/vm02/p1/vg_guest/root",
      "p1/vm_group/vm02/p1/vg_guest/home",
      "p1/vm_group/vm01-snapshot",
      "p1/vm_group/vm01-snapshot/p1",
      "p1/vm_group/vm01-snapshot/p2",
      "p1/vm_group/vm02-snapshot",
      "p1/vm_group/vm02-snapshot/p1",
      "p1/vm_group/vm02-snapshot/p1/vg_guest/root",
      "p1/vm_group/vm02-snapshot/p1/vg_guest/home",
    ]);
  });

  // The origins go on changing after the copy.
  const snapshots = Object.entries(lvm2Golden("lvm2-host").groups[0]?.contents ?? {}).filter(([name]) =>
    name.endsWith("-snapshot"),
  );
  test.each(snapshots)("%s has the content of its device node", (name, content) => {
    expect(contentOf(image.place(`p1/vm_group/${name}`).source)).toEqual(content);
  });

  test("NTFS begins at sector 63 of vm01-snapshot", () => {
    const boot = new Uint8Array(512);
    image.place("vm01-snapshot/p1").source.readSync(boot, 0);
    expect(new TextDecoder("latin1").decode(boot.subarray(3, 11))).toBe("NTFS    ");
  });

  test.each(Object.entries(lvm2Golden("lvm2-host").trees ?? {}))(
    "%s holds what the kernel or ntfs-3g showed",
    (address, entries) => {
      const { content } = image.place(address);
      if (content.kind !== "filesystem") throw new Error(`${address} is ${content.kind}`);
      const golden = entries.map(({ path, kind, modifiedNs, linkCount, sha256, linkTarget }) => {
        return { path, kind, modifiedNs, linkCount: kind === "directory" ? undefined : linkCount, sha256, linkTarget };
      });
      expect(factsOf(content.open())).toEqual(golden.sort((a, b) => (a.path < b.path ? -1 : 1)));
    },
  );
});
