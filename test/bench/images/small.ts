import { mkdirSync, writeFileSync } from "node:fs";
import { counted } from "./counted.ts";
import { buildDisk, PARTITION_BYTES } from "./disk.ts";
import { cachedImage, type ImageFacts } from "./folder.ts";

const RECIPE = 1;
const PER_FOLDER = 1000;

/** Files of 1 to 4 KB, a thousand a folder. */
export function smallFiles(type: "ext4" | "ntfs", files: number, name: string): ImageFacts {
  return cachedImage(`${name}-${type}`, RECIPE, (file) => {
    const sizeBytes = Math.max(64 << 20, files * 7000);
    buildDisk(
      { file, sizeBytes, type, label: "small", ...(type === "ext4" ? { mkfs: ["-T", "news", "-m", "0"] } : {}) },
      (disk) => {
        disk.mounted((top) => {
          for (let i = 0; i < files; i++) {
            const folder = `${top}/folder-${Math.floor(i / PER_FOLDER)}`;
            if (i % PER_FOLDER === 0) mkdirSync(folder);
            writeFileSync(`${folder}/file-${i}.dat`, counted(1024 + ((i * 2654435761) % 3073), i * 4096));
          }
        });
      },
    );
    const folders = Math.ceil(files / PER_FOLDER);
    return {
      partitionBytes: PARTITION_BYTES,
      type,
      madeBy: type === "ext4" ? "loop mount" : "ntfs-3g",
      entries: files + folders + 1,
    };
  });
}
