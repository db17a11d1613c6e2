import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { ntfs } from "../../../src/filesystem/ntfs/driver.ts";
import { readCheckpoint } from "../../../src/filesystem/ntfs/log/checkpoint.ts";
import { clientRecord, restartArea, restartPage } from "../../../src/filesystem/ntfs/log/layout.ts";
import { LogPages } from "../../../src/filesystem/ntfs/log/pages.ts";
import { writeUpdateSequence } from "../../../src/filesystem/ntfs/log/protect.ts";
import { LogReader } from "../../../src/filesystem/ntfs/log/reader.ts";
import { type Restart, readRestart } from "../../../src/filesystem/ntfs/log/restart.ts";
import { applyUpdateSequence } from "../../../src/filesystem/ntfs/update-sequence.ts";
import type { BlockSource } from "../../../src/source/block-source.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { toolEnv } from "../../support/tools.ts";
import { type Sizes, structuresOf } from "./structures.ts";

const PAGE_BYTES = 4096;
const HEADER_BYTES = 48;
const CHECKPOINT = 2;

/** A volume with a log that Windows wrote, whose checkpoints can be gone back to. */
export class RewindableVolume {
  readonly bytes: Buffer;
  /** Oldest first. */
  readonly checkpoints: readonly bigint[];
  /** Where the log lies, in one piece. */
  readonly logOffset: number;
  readonly logBytes: number;
  readonly #file: string;
  readonly #log: BlockSource;
  readonly #restart: Restart;

  constructor(file: string) {
    this.#file = file;
    this.bytes = readFileSync(file);
    this.#log = ntfs.open(new MemorySource(this.bytes), { replay: false }).content(2);
    this.logBytes = this.#log.sizeBytes;
    this.logOffset = placeOf(this.#log);
    const restart = readRestart(this.#log);
    if (typeof restart === "string") throw new Error(`the log is ${restart}`);
    this.#restart = restart;
    this.checkpoints = [...checkpointsOf(this.#log, restart)].sort((a, b) => Number(a - b));
  }

  /**
   * Makes `file` the volume as it was at a checkpoint, with the log that leads on from there: ntfsrecover takes back what came
   * after it. Returns whether it could.
   */
  rewind(file: string, checkpoint: bigint, sizes: Sizes): boolean {
    copyFileSync(this.#file, file);
    const sets = this.checkpoints.length - this.checkpoints.indexOf(checkpoint);
    const { status } = spawnSync("ntfsrecover", ["-u", String(sets), file], {
      env: toolEnv(),
      timeout: 60_000,
      stdio: "ignore",
    });
    const image = readFileSync(file);
    // It ends the log, which is to be as it was; and it leaves the later numbers in what it has taken back.
    this.bytes.copy(image, this.logOffset, this.logOffset, this.logOffset + this.logBytes);
    for (const { offset, lsn } of structuresOf(image, sizes))
      if (lsn > checkpoint) image.writeBigUInt64LE(checkpoint, offset + 8);
    for (const page of [0, 1]) this.#startFrom(image, this.logOffset + page * PAGE_BYTES, checkpoint);
    writeFileSync(file, image);
    return status === 0;
  }

  #startFrom(image: Buffer, offset: number, checkpointLsn: bigint): void {
    const page = Buffer.from(image.subarray(offset, offset + PAGE_BYTES));
    const view = new DataView(page.buffer, page.byteOffset, page.length);
    if (applyUpdateSequence(view, 0, page.length) !== undefined) throw new Error("a restart page is torn");
    const { restartAreaOffset } = restartPage.view(view);
    const client = restartAreaOffset + restartArea.view(view, restartAreaOffset).clientsOffset;
    page.writeBigUInt64LE(this.#oldestNeeded(checkpointLsn), client + clientRecord.offsetOf("oldestLsn"));
    page.writeBigUInt64LE(checkpointLsn, client + clientRecord.offsetOf("restartLsn"));
    writeUpdateSequence(page, view);
    page.copy(image, offset);
  }

  #oldestNeeded(checkpointLsn: bigint): bigint {
    const { client } = this.#restart;
    if (client === undefined) throw new Error("nobody has the log open");
    const reader = new LogReader(this.#log, { ...this.#restart, client: { ...client, oldestLsn: 0n } });
    const { startLsn, dirtyPages, transactions } = readCheckpoint(reader, checkpointLsn);
    const lsns = [
      startLsn,
      ...dirtyPages.map(({ oldestLsn }) => oldestLsn),
      ...[...transactions.values()].map(({ firstLsn }) => firstLsn),
    ];
    return lsns.filter((lsn) => lsn !== 0n).sort((a, b) => Number(a - b))[0] ?? checkpointLsn;
  }
}

function placeOf(log: BlockSource): number {
  const [extent, ...rest] = log.extents?.(0, log.sizeBytes) ?? [];
  if (extent?.kind !== "data" || rest.length > 0) throw new Error("the log does not lie in one piece");
  return extent.offsetBytes;
}

/** A record's number tells where it lies, which tells records from data. */
function* checkpointsOf(log: BlockSource, restart: Restart): Generator<bigint> {
  const pages = new LogPages(log, restart);
  const bits = BigInt(restart.positionBits);
  for (let offset = pages.firstOffset; offset < pages.endOffset; offset += PAGE_BYTES) {
    const page = pages.copiesOf(offset)[0] ?? pages.pageInRing(offset);
    if (page === undefined) continue;
    const view = new DataView(page.bytes.buffer);
    for (let at = restart.pageDataOffset; at + HEADER_BYTES <= PAGE_BYTES; at += 8) {
      const lsn = view.getBigUint64(at, true);
      const isThere = Number(lsn & ((1n << bits) - 1n)) * 8 === offset + at && lsn >> bits > 0n;
      if (isThere && view.getUint32(at + 0x20, true) === CHECKPOINT) yield lsn;
    }
  }
}
