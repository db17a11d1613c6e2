import { tags } from "../../src/filesystem/ext/journal/fast-commit/layout.ts";
import { JOURNAL_MAGIC } from "../../src/filesystem/ext/journal/jbd2/layout.ts";
import { SUPERBLOCK_OFFSET_BYTES } from "../../src/filesystem/ext/layout.ts";
import { journalBlocks, repairJournal } from "../support/journal-blocks.ts";
import type { Original, Target } from "./fuzz-module.ts";
import { original } from "./originals.ts";

/** A dirty filesystem whose mutations go into the journal; with metadata around it, which the recovery reads and changes. */
export function journalOriginal(name: string, bytes: Uint8Array): Original {
  const blocks = journalBlocks(bytes);
  const { journal, places } = blocks;
  const targets: Target[] = [
    { name: "superblock", offsetBytes: SUPERBLOCK_OFFSET_BYTES, lengthBytes: 1024 },
    { name: "before the journal", offsetBytes: 0, lengthBytes: places[0] ?? bytes.length, weight: 2 },
    { name: "journal superblock", offsetBytes: places[0] ?? 0, lengthBytes: 0x60, weight: 3 },
  ];
  const log = places.flatMap((offsetBytes): Target[] => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + offsetBytes);
    const isLog = view.getUint32(0) === JOURNAL_MAGIC;
    const isFastCommit = view.getUint16(0, true) === tags.head || view.getUint16(0, true) === tags.inode;
    return isLog || isFastCommit ? [{ name: "log", offsetBytes, lengthBytes: isLog ? 256 : journal.blockBytes }] : [];
  });
  const weighted = log.map((target) => ({ ...target, weight: 16 / log.length }));
  return original(name, bytes, [...targets, ...weighted], (image) =>
    repairJournal(image.bytes, blocks, (place, repaired) => image.write(place, repaired)),
  );
}
