import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, openSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Extent } from "../../../src/source/block-source.ts";
import { compareManifests, describeDifferences } from "../../support/compare-manifests.ts";
import { contentOf } from "../../support/content-of-extents.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { everything } from "../../support/everything.ts";
import { FakeFileSystem, type FakeNode, folder } from "../../support/fake-file-system.ts";
import { manifestOf } from "../../support/manifest.ts";
import { manifestOfFileSystem } from "../../support/manifest-of-file-system.ts";
import { withFreshFolder } from "../../support/mount.ts";
import { repositoryFolder } from "../../support/repository.ts";
import { selectionOf } from "../../support/selection-of.ts";
import { describeIf, has, isRoot, toolEnv } from "../../support/tools.ts";

const MIB = 1024 * 1024;
const dist = join(repositoryFolder, "dist");

/** The compiled modules: only those can be loaded by a thread. */
async function compiled() {
  const load = (path: string): Promise<unknown> => import(join(dist, path));
  const { extract } = (await load("extract/extract.js")) as typeof import("../../../src/extract/extract.ts");
  const { FolderSink } = (await load("sink/folder/folder-sink.js")) as typeof import("../../../src/sink/folder/folder-sink.ts");
  const { FileSource } = (await load("source/file/file-source.js")) as typeof import("../../../src/source/file/file-source.ts");
  return { extract, FolderSink, FileSource };
}

describeIf(existsSync(join(dist, "sink/folder/worker.js")), "not built yet: npm run build", "with threads", () => {
  /** Small files that lie on a disk out of order, a few with holes, and one that is written in parts. */
  async function tree(scratch: string): Promise<{ readonly root: FakeNode; readonly close: () => void }> {
    const { FileSource } = await compiled();
    const disk = join(scratch, "disk");
    writeFileSync(disk, countedBytes(64 * MIB));
    const source = new FileSource("disk", [{ fd: openSync(disk, "r"), sizeBytes: 64 * MIB }]);
    const small = Array.from({ length: 700 }, (_, i): [string, FakeNode] => {
      const place = ((i * 7919) % 16_000) * 4096;
      const extents: Extent[] = [{ kind: "data", lengthBytes: 1 + ((i * 37) % 9000), source, offsetBytes: place }];
      if (i % 50 === 0)
        extents.push({ kind: "hole", lengthBytes: 100_000 }, { kind: "data", lengthBytes: 10, source, offsetBytes: 8 });
      return [
        `f${i}`,
        { content: contentOf(extents), mode: i % 3 === 0 ? 0o600 : 0o644, modifiedNs: BigInt(i) * 1_000_000_007n },
      ];
    });
    const large: FakeNode = {
      content: contentOf([{ kind: "data", lengthBytes: 48 * MIB + 3, source, offsetBytes: 12_345 }]),
      mode: 0o755,
    };
    const root = folder({ small: { kind: "directory", entries: small }, large, again: large, rest: everything() });
    return { root, close: () => source.close() };
  }

  describeIf(isRoot && has("getfattr"), "root and getfattr are needed", "a tree", () => {
    test("is there with every facet", async () => {
      const { extract, FolderSink } = await compiled();
      await withFreshFolder(async (scratch) => {
        const { root, close } = await tree(scratch);
        const fileSystem = new FakeFileSystem(root);
        const to = join(scratch, "to");
        const report = await extract([selectionOf(fileSystem)], new FolderSink(to, { threads: 2 }));
        expect(report).toMatchObject({ failed: [], losses: [], ended: undefined });
        const differences = compareManifests(manifestOfFileSystem(fileSystem), await manifestOf(to));
        close();
        expect(differences.length, describeDifferences(differences)).toBe(0);
      });
    });

    test("on a disk that fills up is ended, with what is there being whole", async () => {
      const { extract, FolderSink } = await compiled();
      await withFreshFolder(async (scratch) => {
        const { root, close } = await tree(scratch);
        const to = join(scratch, "to");
        mkdirSync(to);
        expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=5m", "tmpfs", to], { env: toolEnv() }).status).toBe(0);
        try {
          const report = await extract([selectionOf(new FakeFileSystem(root))], new FolderSink(to, { threads: 2 }));
          close();
          expect(report.ended).toMatchObject({ kind: "sink", message: "the destination is full (ENOSPC)" });
          expectWhole(to);
        } finally {
          spawnSync("umount", [to], { env: toolEnv() });
        }
      });
    });
  });

  test("is ended by its signal, with what is there being whole and no thread left", async () => {
    const { extract, FolderSink } = await compiled();
    await withFreshFolder(async (scratch) => {
      const { root, close } = await tree(scratch);
      const controller = new AbortController();
      const observer = { done: () => controller.abort() };
      const to = join(scratch, "to");
      const report = await extract([selectionOf(new FakeFileSystem(root))], new FolderSink(to, { threads: 2 }), {
        signal: controller.signal,
        observer,
      });
      close();
      expect(report.ended).toBe("interrupted");
      expectWhole(to);
    });
  });
});

function expectWhole(to: string): void {
  const small = join(to, "small");
  const names = existsSync(small) ? readdirSync(small) : [];
  expect(names.filter((name) => name.startsWith("."))).toEqual([]);
  for (const name of names) {
    const i = Number(name.slice(1));
    expect(statSync(join(small, name)).size).toBe(1 + ((i * 37) % 9000) + (i % 50 === 0 ? 100_010 : 0));
  }
  const large = join(to, "large");
  if (existsSync(large)) expect(statSync(large).mode & 0o777).toBe(0o755);
}
