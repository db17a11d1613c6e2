import { ntfs } from "../../src/filesystem/ntfs/driver.ts";
import { parseFileRecord } from "../../src/filesystem/ntfs/file-record.ts";
import { ATTRIBUTE } from "../../src/filesystem/ntfs/ids.ts";
import { resolvePath } from "../../src/filesystem/path.ts";
import { MemorySource } from "../../src/source/memory.ts";
import type { Original } from "./fuzz-module.ts";
import { fixture, original } from "./originals.ts";

export type StructureKind =
  | "boot sector"
  | "FILE record"
  | "INDX block"
  | "run list"
  | "attribute list"
  | "reparse point"
  | "extended attributes"
  | "Interix file"
  | "restart pages"
  | "LZNT1 unit";

const FILE_SIGNATURE = 0x454c4946;
const INDX_SIGNATURE = 0x58444e49;
const MOST_OF_A_KIND = 40;

/** One original for each structure found in the fixtures, named by its kind and a number. */
export function ntfsStructures(): readonly Original[] {
  const found = new Map<StructureKind, Uint8Array[]>();
  const add = (kind: StructureKind, bytes: Uint8Array): void => {
    const known = found.get(kind) ?? [];
    found.set(kind, known);
    if (known.length < MOST_OF_A_KIND) known.push(bytes.slice());
  };
  for (const name of ["ntfs-facets", "ntfs-fragments"]) {
    const image = fixture(name);
    add("boot sector", image.subarray(0, 512));
    const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
    for (let at = 512; at + 4096 <= image.length; at += 512) {
      const signature = view.getUint32(at, true);
      if (signature === INDX_SIGNATURE) add("INDX block", image.subarray(at, at + 4096));
      if (signature !== FILE_SIGNATURE || view.getUint16(at + 22, true) === 0) continue;
      const record = image.subarray(at, at + 1024);
      add("FILE record", record);
      for (const attribute of parseFileRecord(record.slice(), 0, { where: () => ({ label: name }) }).attributes) {
        if (!attribute.isResident) add("run list", attribute.runList);
        else if (attribute.type === ATTRIBUTE.list) add("attribute list", attribute.value);
        else if (attribute.type === ATTRIBUTE.reparsePoint) add("reparse point", attribute.value);
        else if (attribute.type === ATTRIBUTE.extendedAttributes) add("extended attributes", attribute.value);
      }
    }
  }
  addContents(add);
  add("restart pages", restartPages());
  return [...found].flatMap(([kind, all]) => all.map((bytes, i) => original(`${kind} ${i}`, bytes)));
}

function addContents(add: (kind: StructureKind, bytes: Uint8Array) => void): void {
  const fileSystem = ntfs.open(new MemorySource(fixture("ntfs-facets")));
  const content = (path: string) => fileSystem.content(resolvePath(fileSystem, path).node.id);
  for (const path of ["/data/compressed/text", "/data/compressed/mixed", "/data/compressed/one-cluster"]) {
    const source = content(path);
    for (const extent of source.extents?.(0, source.sizeBytes) ?? []) {
      if (extent.kind !== "packed") continue;
      const parts = extent.parts.map((part) => {
        const bytes = new Uint8Array(part.lengthBytes);
        if (part.kind === "data") part.source.readSync(bytes, part.offsetBytes);
        return bytes;
      });
      add("LZNT1 unit", Buffer.concat(parts));
    }
  }
  for (const path of ["/links/interix", "/links/interix-char", "/links/interix-block"]) {
    const source = content(path);
    const bytes = new Uint8Array(source.sizeBytes);
    source.readSync(bytes, 0);
    add("Interix file", bytes);
  }
}

/** As Windows writes them: a header, update sequence, and a restart area with one client that has the log open. */
function restartPages(): Uint8Array {
  const pages = new Uint8Array(8192);
  const view = new DataView(pages.buffer);
  for (const page of [0, 4096]) {
    view.setUint32(page, 0x52545352, true);
    view.setUint16(page + 4, 30, true);
    view.setUint16(page + 6, 9, true);
    view.setUint32(page + 16, 4096, true);
    view.setUint32(page + 20, 4096, true);
    view.setUint16(page + 24, 48, true);
    view.setUint16(page + 26, 1, true);
    view.setUint16(page + 28, 1, true);
    view.setBigUint64(page + 48, 1_000_000n + BigInt(page), true);
    view.setUint16(page + 56, 1, true);
    view.setUint16(page + 58, 0xffff, true);
  }
  return pages;
}
