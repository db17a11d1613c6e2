import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { counted } from "./counted.ts";
import { buildDisk, type Disk, PARTITION_BYTES, run } from "./disk.ts";
import { cachedImage, type ImageFacts } from "./folder.ts";

const RECIPE = 4;
const PIECE = 1 << 20;
const BLOCK = 4096;
const METADATA_BLOCKS = 64;
/** The file finds a few larger gaps elsewhere, so it has more blocks than it needs extents, and there are more gaps than that. */
const SPARE_FRAGMENTS = 200;

interface BigSize {
  readonly name: string;
  readonly bigBytes: number;
  readonly sparseBytes: number;
  readonly fragments: number;
}

export const fullBig: BigSize = { name: "big", bigBytes: 1 << 30, sparseBytes: 8 * (1 << 30), fragments: 15_000 };
export const quickBig: BigSize = { name: "quick-big", bigBytes: 16 << 20, sparseBytes: 256 << 20, fragments: 500 };

/** `big` in as few extents as there can be, `sparse` with three pieces of data, `fragmented` with an extent a block. */
export function bigFiles(type: "ext4" | "ntfs", size: BigSize): ImageFacts {
  return cachedImage(`${size.name}-${type}`, RECIPE, (file) => {
    const sizeBytes = size.bigBytes + 4 * (size.fragments + 2 * SPARE_FRAGMENTS) * BLOCK + (192 << 20);
    const plan = { file, sizeBytes, type, label: "big" } as const;
    if (type === "ext4") buildDisk({ ...plan, mkfs: ["-b", String(BLOCK), "-m", "0"] }, (disk) => fillExt4(disk, size));
    else buildDisk(plan, (disk) => fillNtfs(disk, size));
    return { partitionBytes: PARTITION_BYTES, type, madeBy: type === "ext4" ? "loop mount" : "ntfs-3g", entries: 5 };
  });
}

/** The free space is brought down to single blocks, so that a file which is written next lies in as many extents. */
function fillExt4(disk: Disk, size: BigSize): void {
  disk.mounted((top) => {
    writeBigAndSparse(top, size);
    giveOutReserve(disk);
    writeFileSync(`${top}/filler`, "");
    const { bavail, bsize } = statfsSync(top);
    run("fallocate", ["-l", String((bavail - METADATA_BLOCKS) * bsize), `${top}/filler`]);
  });
  const punches = Array.from(
    { length: size.fragments + 2 * SPARE_FRAGMENTS },
    (_, i) => `punch /filler ${1 + 2 * i} ${1 + 2 * i}\n`,
  );
  run("debugfs", ["-w", disk.device], punches.join(""));
  disk.mounted((top) => {
    giveOutReserve(disk);
    writeCounted(`${top}/fragmented`, (size.fragments + SPARE_FRAGMENTS) * BLOCK);
  });
  disk.mounted((top) => rmSync(`${top}/filler`));
}

/** ext4 holds back up to 4096 clusters, wherever they are, until the last. */
function giveOutReserve(disk: Disk): void {
  writeFileSync(`/sys/fs/ext4/${basename(disk.device)}/reserved_clusters`, "0");
}

/** The same through ntfs-3g, which has no holes to punch: every other one of many small files goes. */
function fillNtfs(disk: Disk, size: BigSize): void {
  const gaps = size.fragments + 2 * SPARE_FRAGMENTS;
  disk.mounted((top) => {
    writeBigAndSparse(top, size);
    mkdirSync(`${top}/gaps`);
    for (let i = 0; i < 2 * gaps; i++) writeFileSync(`${top}/gaps/${i}`, counted(BLOCK));
    writeUntilFull(`${top}/filler`);
    for (let i = 0; i < 2 * gaps; i += 2) rmSync(`${top}/gaps/${i}`);
  });
  disk.mounted((top) => writeCounted(`${top}/fragmented`, (size.fragments + SPARE_FRAGMENTS) * BLOCK));
  disk.mounted((top) => {
    rmSync(`${top}/filler`);
    rmSync(`${top}/gaps`, { recursive: true });
  });
}

function writeBigAndSparse(top: string, { bigBytes, sparseBytes }: BigSize): void {
  writeCounted(`${top}/big`, bigBytes);
  writePieces(`${top}/sparse`, PIECE, [0, sparseBytes / 2 + 12_345, sparseBytes - PIECE], sparseBytes);
}

function writeUntilFull(file: string): void {
  const fd = openSync(file, "w");
  try {
    for (let at = 0; ; at += PIECE) writeSync(fd, counted(PIECE, at), 0, undefined, at);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    closeSync(fd);
  }
}

function writeCounted(file: string, sizeBytes: number): void {
  writePieces(
    file,
    PIECE,
    Array.from({ length: Math.ceil(sizeBytes / PIECE) }, (_, i) => i * PIECE),
    sizeBytes,
  );
}

function writePieces(file: string, pieceBytes: number, offsets: readonly number[], sizeBytes: number): void {
  const fd = openSync(file, "w");
  try {
    ftruncateSync(fd, sizeBytes);
    for (const at of offsets) writeSync(fd, counted(Math.min(pieceBytes, sizeBytes - at), at), 0, undefined, at);
  } finally {
    closeSync(fd);
  }
}
