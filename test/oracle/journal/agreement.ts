import { nameToBytes } from "../../../src/bytes/names.ts";
import type { FileSystem, JournalState } from "../../../src/filesystem/file-system.ts";
import { walk } from "../../../src/filesystem/walk.ts";
import { openSource } from "../../../src/source/file/open-source.ts";
import { SliceSource } from "../../../src/source/slice.ts";
import { compareManifests, type Difference } from "../../support/compare-manifests.ts";
import { driver } from "../../support/ext-fixture.ts";
import type { Manifest } from "../../support/manifest.ts";
import { manifestOfFileSystem } from "../../support/manifest-of-file-system.ts";
import type { DirtyImage } from "./dirty-images.ts";
import type { KernelView } from "./kernel-view.ts";

/** What nomount makes of the same image. */
export interface OwnView {
  readonly journal: JournalState | undefined;
  readonly manifest: Manifest;
  readonly directoryLinks: ReadonlyMap<string, number>;
  readonly freeBlocks: number;
  readonly milliseconds: number;
}

export async function ownView(image: DirtyImage, replay = true): Promise<OwnView> {
  return opened(image, replay, (fileSystem, milliseconds) => {
    const directoryLinks = new Map<string, number>();
    for (const { path, node } of walk(fileSystem, fileSystem.node(fileSystem.root), () => {})) {
      if (node.kind === "directory") directoryLinks.set(Buffer.from(nameToBytes(path)).toString("latin1"), node.linkCount);
    }
    const { freeBytes } = fileSystem.space;
    const blockBytes = Number(fileSystem.details["blockBytes"]);
    return {
      journal: fileSystem.state.journal,
      manifest: manifestOfFileSystem(fileSystem),
      directoryLinks,
      freeBlocks: freeBytes / blockBytes,
      milliseconds,
    };
  });
}

/** What nomount says of the journal alone. */
export async function ownState(image: DirtyImage): Promise<JournalState | undefined> {
  return opened(image, true, (fileSystem) => fileSystem.state.journal);
}

async function opened<T>(
  image: DirtyImage,
  replay: boolean,
  use: (fileSystem: FileSystem, milliseconds: number) => T,
): Promise<T> {
  const root = await openSource(image.file);
  const { externalJournalBytes } = image.kind;
  const external =
    externalJournalBytes === undefined
      ? {}
      : { journal: new SliceSource(root, image.sizeBytes, externalJournalBytes, "journal device") };
  try {
    const begun = performance.now();
    const fileSystem = driver.open(new SliceSource(root, 0, image.sizeBytes, "image"), { replay, ...external });
    const milliseconds = performance.now() - begun;
    try {
      return use(fileSystem, milliseconds);
    } finally {
      fileSystem.close();
    }
  } finally {
    root.close();
  }
}

export interface Agreement {
  readonly unexplained: readonly Difference[];
  /** The kernel's recovery stamps what it changes with the time of the mount; nomount leaves the time of the last change. */
  readonly stampedByTheMount: readonly Difference[];
}

/** Every difference between the two views, apart from those times. */
export function agreement(kernel: KernelView, own: OwnView): Agreement {
  const [begun, ended] = kernel.mountedNs;
  // Inodes of 128 bytes keep whole seconds.
  const stamped = ({ facet, expected }: Difference) =>
    facet === "modifiedNs" &&
    BigInt(expected) >= (expected.endsWith("000000000") ? begun - 1_000_000_000n : begun) &&
    BigInt(expected) <= ended + 20_000_000n;
  const differences = [...compareManifests(kernel.manifest, own.manifest), ...linkDifferences(kernel, own)];
  return {
    unexplained: differences.filter((difference) => !stamped(difference)),
    stampedByTheMount: differences.filter(stamped),
  };
}

function linkDifferences(kernel: KernelView, own: OwnView): Difference[] {
  const differences: Difference[] = [];
  for (const [path, expected] of kernel.directoryLinks) {
    const found = own.directoryLinks.get(path);
    if (found !== undefined && found !== expected) {
      differences.push({ path, facet: "linkCount", expected: String(expected), found: String(found) });
    }
  }
  return differences;
}
