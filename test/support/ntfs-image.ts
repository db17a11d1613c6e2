import type { NomountError } from "../../src/error.ts";
import type { FileSystem } from "../../src/filesystem/file-system.ts";
import type { NodeId } from "../../src/filesystem/node.ts";
import { ntfs } from "../../src/filesystem/ntfs/driver.ts";
import { resolvePath } from "../../src/filesystem/path.ts";
import { walk } from "../../src/filesystem/walk.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { fixtureBytes } from "./fixture.ts";

const RECORD_BYTES = 1024;
const END_OF_ATTRIBUTES = 0xffffffff;
/** Decompressed once. */
const originals = new Map<string, Buffer>();

/** A fixture whose structures can be found and changed. */
export class NtfsImage {
  readonly bytes: Buffer;
  readonly intact: FileSystem;

  constructor(name: string) {
    const original = originals.get(name) ?? fixtureBytes(name);
    originals.set(name, original);
    this.bytes = Buffer.from(original);
    this.intact = ntfs.open(new MemorySource(original, name));
  }

  open(): FileSystem {
    return ntfs.open(this.source());
  }

  source(): BlockSource {
    return new MemorySource(this.bytes, "hostile");
  }

  id(path: string): NodeId {
    return resolvePath(this.intact, path).node.id;
  }

  /** Where a record begins. */
  record(number: number): number {
    return this.place(this.intact.content(0), number * RECORD_BYTES);
  }

  /** Where an attribute of a record begins. */
  attribute(number: number, type: number): number {
    const record = this.record(number);
    for (
      let at = record + this.bytes.readUInt16LE(record + 20);
      at < record + RECORD_BYTES && this.bytes.readUInt32LE(at) !== END_OF_ATTRIBUTES;
      at += this.bytes.readUInt32LE(at + 4)
    ) {
      if (this.bytes.readUInt32LE(at) === type) return at;
    }
    throw new Error(`record ${number} has no attribute ${type}`);
  }

  /** Where a byte of a content lies. */
  place(content: BlockSource, offsetBytes: number): number {
    for (const extent of content.extents?.(offsetBytes, 1) ?? []) if (extent.kind === "data") return extent.offsetBytes;
    throw new Error("not on the volume");
  }

  /** Where the INDX blocks lie that hold an entry of that name, by looking for it. */
  blocksWith(name: string): readonly number[] {
    const units = Buffer.from(name, "utf16le");
    const found = new Set<number>();
    for (let at = this.bytes.indexOf(units); at >= 0; at = this.bytes.indexOf(units, at + 1)) {
      for (let block = at - (at % 512); block > at - 4096 && block >= 0; block -= 512) {
        if (this.bytes.toString("latin1", block, block + 4) === "INDX") found.add(block);
      }
    }
    return [...found];
  }
}

export interface Walked {
  readonly paths: readonly string[];
  readonly damage: readonly string[];
}

/** Everything that is to be had, and what is said of the rest. */
export function walkAll(fileSystem: FileSystem): Walked {
  const damage: string[] = [];
  const paths: string[] = [];
  const damaged = (path: string, error: NomountError) => damage.push(`${path}: ${error.message}`);
  for (const { path } of walk(fileSystem, fileSystem.node(fileSystem.root), damaged)) paths.push(path);
  return { paths, damage };
}

/** All bytes of a content. */
export function bytesOf(source: BlockSource): Buffer {
  const bytes = Buffer.alloc(source.sizeBytes);
  source.readSync(bytes, 0);
  return bytes;
}
