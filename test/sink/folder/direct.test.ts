import { openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { extract } from "../../../src/extract/extract.ts";
import type { Report } from "../../../src/extract/report.ts";
import { type FolderOptions, FolderSink } from "../../../src/sink/folder/folder-sink.ts";
import type { Extent } from "../../../src/source/block-source.ts";
import { FileSource } from "../../../src/source/file/file-source.ts";
import { contentOf } from "../../support/content-of-extents.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { FakeFileSystem, type FakeNode, folder } from "../../support/fake-file-system.ts";
import { withFreshFolder } from "../../support/mount.ts";
import { selectionOf } from "../../support/selection-of.ts";

const MIB = 1024 * 1024;
const disk = countedBytes(8 * MIB);

/** Copies files that lie on a disk, which claims to be twice as long as it is. */
async function copy(
  files: (data: (offsetBytes: number, lengthBytes: number) => Extent) => Readonly<Record<string, FakeNode>>,
  options: FolderOptions,
  look: (to: string, report: Report) => void,
): Promise<void> {
  await withFreshFolder(async (scratch) => {
    writeFileSync(join(scratch, "disk"), disk);
    const source = new FileSource("disk", [{ fd: openSync(join(scratch, "disk"), "r"), sizeBytes: 2 * disk.length }]);
    try {
      const tree = folder(files((offsetBytes, lengthBytes) => ({ kind: "data", source, offsetBytes, lengthBytes })));
      const to = join(scratch, "to");
      look(to, await extract([selectionOf(new FakeFileSystem(tree))], new FolderSink(to, options)));
    } finally {
      source.close();
    }
  });
}

test.each([true, false])("long extents come to their places among holes and short ones (native part: %s)", async (native) => {
  await copy(
    (data) => ({
      mixed: {
        content: contentOf([
          data(5, 3 * MIB),
          data(7 * MIB, 4096),
          { kind: "hole", lengthBytes: MIB },
          data(4 * MIB + 1, 100_000),
          { kind: "inline", lengthBytes: 3, bytes: Buffer.from("abc") },
          data(100, 65_536),
          { kind: "hole", lengthBytes: MIB },
        ]),
      },
    }),
    { native },
    (to, report) => {
      expect(report).toMatchObject({ failed: [], ended: undefined });
      const expected = [
        disk.subarray(5, 5 + 3 * MIB),
        disk.subarray(7 * MIB, 7 * MIB + 4096),
        Buffer.alloc(MIB),
        disk.subarray(4 * MIB + 1, 4 * MIB + 100_001),
        Buffer.from("abc"),
        disk.subarray(100, 100 + 65_536),
        Buffer.alloc(MIB),
      ];
      expect(readFileSync(join(to, "mixed")).equals(Buffer.concat(expected))).toBe(true);
      expect(statSync(join(to, "mixed")).blocks * 512).toBeLessThan(4 * MIB);
    },
  );
});

test.each([true, false])(
  "a long extent that cannot be read to its end is named with its place (native part: %s)",
  async (native) => {
    await copy(
      (data) => ({ cut: { content: contentOf([data(0, 10), data(7 * MIB, 2 * MIB), data(20, 10)]) } }),
      { native, damaged: "keep" },
      (to, report) => {
        const lost = `${MIB} bytes cannot be read (${10 + MIB}-${9 + 2 * MIB}): the source ends here`;
        expect(report.failed).toEqual([{ path: "cut", fault: { kind: "source", message: expect.stringContaining(lost) } }]);
        const expected = [disk.subarray(0, 10), disk.subarray(7 * MIB), Buffer.alloc(MIB), disk.subarray(20, 30)];
        expect(readFileSync(join(to, "cut")).equals(Buffer.concat(expected))).toBe(true);
      },
    );
  },
);
