import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSource } from "../../../src/source/file/open-source.ts";
import { driver } from "../../support/ext-fixture.ts";
import { describeWith } from "../../support/tools.ts";
import { checksumOf } from "./checksum.ts";
import { attempt, command } from "./command.ts";

/** The kernel here mounts no blocks beyond 4 KiB: debugfs writes the journal, and e2fsck on a copy says what it holds. */
const forms = [1, 2, 4, 8, 16, 32, 64].flatMap((kibibytes) =>
  ["0", "1", "2", "3"].flatMap((version) => ["64bit", "^64bit"].map((bits) => [kibibytes, version, bits] as const)),
);
const FILE_BLOCKS = 12;

describeWith(["mke2fs", "debugfs", "e2fsck"], "a journal written by debugfs", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "nomount-blocks-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.for(forms)(
    "blocks of %d KiB, checksums of version %s, %s: file data is what e2fsck leaves",
    async ([kibibytes, version, bits]) => {
      const blockBytes = kibibytes * 1024;
      const image = join(folder, "image");
      const tree = join(folder, "tree");
      mkdirSync(tree, { recursive: true });
      writeFileSync(join(tree, "file"), Buffer.alloc(FILE_BLOCKS * blockBytes, "old "));
      const metadata = version === "2" || version === "3" ? "metadata_csum" : "^metadata_csum";
      rmSync(image, { force: true });
      const size = 4096 * blockBytes;
      command(
        "mke2fs",
        "-q",
        "-F",
        "-t",
        "ext4",
        "-b",
        String(blockBytes),
        "-O",
        `${bits},${metadata}`,
        "-J",
        `size=${kibibytes}`,
        "-d",
        tree,
        image,
        `${size / 1024}k`,
      );
      const blocks = command("debugfs", "-R", "blocks /file", image).split(/\s+/).map(Number);
      expect(blocks).toHaveLength(FILE_BLOCKS);
      // New content, one block of it with the journal's magic; other content; revocations, for which debugfs makes wrong checksums of version 1.
      const content = (fill: string, count: number) => {
        const bytes = Buffer.alloc(count * blockBytes, fill);
        bytes.set([0xc0, 0x3b, 0x39, 0x98], blockBytes);
        writeFileSync(join(folder, fill), bytes);
        return join(folder, fill);
      };
      const list = (from: number, to: number) => blocks.slice(from, to).join(",");
      const open = version === "0" ? "jo" : `jo -c -v ${version}`;
      const script = [
        open,
        `jw -b ${list(0, 8)} ${content("first", 8)}`,
        `jw -b ${list(4, 10)} ${content("second", 6)}`,
        ...(version === "1" ? [] : [`jw -r ${list(0, 2)}`]),
        "jc",
      ];
      writeFileSync(join(folder, "script"), `${script.join("\n")}\n`);
      command("debugfs", "-w", "-f", join(folder, "script"), image);
      const before = checksumOf(image);

      const mended = join(folder, "mended");
      copyFileSync(image, mended);
      const { status, stdout } = attempt("e2fsck", "-fy", mended);
      expect((status ?? 8) & ~3, stdout).toBe(0);
      const dumped = join(folder, "dumped");
      command("debugfs", "-R", `dump /file ${dumped}`, mended);

      const root = await openSource(image);
      const fileSystem = driver.open(root);
      const file = fileSystem.lookup(fileSystem.root, "file");
      const bytes = new Uint8Array(FILE_BLOCKS * blockBytes);
      fileSystem.content(file?.id ?? 0).readSync(bytes, 0);
      const { journal } = fileSystem.state;
      fileSystem.close();
      root.close();
      expect(Buffer.compare(bytes, readFileSync(dumped))).toBe(0);
      expect(Buffer.from(bytes.subarray(2 * blockBytes, 2 * blockBytes + 5)).toString()).not.toBe("old o");
      const [transactions, changed] = version === "1" ? [2, 10] : [3, 8];
      expect(journal?.summary).toBe(`dirty, ${transactions} transactions, ${changed} blocks; replayed in memory`);
      expect(checksumOf(image)).toBe(before);
    },
  );
});
