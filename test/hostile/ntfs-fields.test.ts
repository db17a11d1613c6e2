import { expect, test } from "vitest";
import type { Struct } from "../../src/bytes/layout.ts";
import { NomountError } from "../../src/error.ts";
import * as layout from "../../src/filesystem/ntfs/layout.ts";
import { checkHelpful } from "../fuzz/helpful.ts";
import { Random } from "../fuzz/random.ts";
import { useFileSystem } from "../fuzz/use-file-system.ts";
import { NtfsImage, walkAll } from "../support/ntfs-image.ts";

/*
 * Every field of every structure, with every value that is an edge to somebody: what is hit is refused in nomount's own words
 * or still makes sense, and all paths that do not depend on it come out.
 */

const STANDARD_INFORMATION = 0x10;
const ATTRIBUTE_LIST = 0x20;
const FILE_NAME = 0x30;
const VOLUME_INFORMATION = 0x70;
const DATA = 0x80;
const INDEX_ROOT = 0x90;
const REPARSE_POINT = 0xc0;
const EXTENDED_ATTRIBUTES = 0xe0;

type AnyStruct = Struct<Record<never, never>>;
type Place = (image: NtfsImage) => number;
const record =
  (path: string): Place =>
  (image) =>
    image.record(image.id(path));
const attribute =
  (path: string, type: number): Place =>
  (image) =>
    image.attribute(image.id(path), type);
const behindHeader =
  (path: string, type: number): Place =>
  (image) =>
    attribute(path, type)(image) + layout.attributeHeader.sizeBytes;
const value =
  (path: string, type: number, skip = 0): Place =>
  (image) => {
    const at = attribute(path, type)(image);
    return at + image.bytes.readUInt16LE(at + 20) + skip;
  };
const firstEntry =
  (node: Place): Place =>
  (image) =>
    node(image) + image.bytes.readUInt32LE(node(image));
const block: Place = (image) => image.blocksWith("00000 scattered name")[0] ?? 0;
const plus =
  (place: Place, bytes: number): Place =>
  (image) =>
    place(image) + bytes;

const root = (path: string) => value(path, INDEX_ROOT);
const rootNode = plus(root("/data/compressed"), layout.indexRoot.sizeBytes);
const blockNode = plus(block, layout.indexBlock.sizeBytes);

/** `hit`: the path that depends on the structure, with all below it; "" where that is everything. */
const places: readonly (readonly [image: string, hit: string, structure: AnyStruct, place: Place])[] = [
  ["ntfs-facets", "", layout.bootSector, () => 0],
  ["ntfs-facets", "", layout.volumeInformation, value("/$Volume", VOLUME_INFORMATION)],
  ["ntfs-facets", "", layout.fileRecord, (image) => image.record(0)],
  ["ntfs-facets", "", layout.nonResidentAttribute, (image) => image.attribute(0, DATA) + 16],
  ["ntfs-facets", "data/plain", layout.multiSectorHeader, record("/data/plain")],
  ["ntfs-facets", "data/plain", layout.fileRecord, record("/data/plain")],
  ["ntfs-facets", "data/plain", layout.attributeHeader, attribute("/data/plain", FILE_NAME)],
  ["ntfs-facets", "data/plain", layout.residentAttribute, behindHeader("/data/plain", STANDARD_INFORMATION)],
  ["ntfs-facets", "data/plain", layout.standardInformation, value("/data/plain", STANDARD_INFORMATION)],
  ["ntfs-facets", "data/plain", layout.fileName, value("/data/plain", FILE_NAME)],
  ["ntfs-facets", "data/plain", layout.attributeHeader, attribute("/data/plain", DATA)],
  ["ntfs-facets", "data/plain", layout.nonResidentAttribute, behindHeader("/data/plain", DATA)],
  ["ntfs-facets", "data/resident", layout.attributeHeader, attribute("/data/resident", DATA)],
  ["ntfs-facets", "data/resident", layout.residentAttribute, behindHeader("/data/resident", DATA)],
  ["ntfs-facets", "data/compressed/text", layout.nonResidentAttribute, behindHeader("/data/compressed/text", DATA)],
  ["ntfs-facets", "data/compressed", layout.indexRoot, root("/data/compressed")],
  ["ntfs-facets", "data/compressed", layout.indexNode, rootNode],
  ["ntfs-facets", "data/compressed", layout.indexEntry, firstEntry(rootNode)],
  ["ntfs-facets", "links/relative", layout.reparseHeader, value("/links/relative", REPARSE_POINT)],
  ["ntfs-facets", "links/relative", layout.linkReparse, value("/links/relative", REPARSE_POINT, 8)],
  ["ntfs-facets", "streams/attributes", layout.extendedAttribute, value("/streams/attributes", EXTENDED_ATTRIBUTES)],
  ["ntfs-fragments", "many", layout.indexBlock, block],
  ["ntfs-fragments", "many", layout.indexNode, blockNode],
  ["ntfs-fragments", "many", layout.indexEntry, firstEntry(blockNode)],
  ["ntfs-fragments", "many", layout.fileName, plus(firstEntry(blockNode), 16)],
  ["ntfs-fragments", "", layout.attributeListEntry, (image) => valueAt(image, image.attribute(0, ATTRIBUTE_LIST))],
];

function valueAt({ bytes }: NtfsImage, attributeAt: number): number {
  return attributeAt + bytes.readUInt16LE(attributeAt + 20);
}

test.each(places.map(([name, hit, structure, place]) => ({ name, hit, structure, place, what: structure.name })))(
  "$what ($name, /$hit)",
  ({ name, hit, structure, place }) => {
    const image = new NtfsImage(name);
    const at = place(image);
    const unharmed = walkAll(image.intact).paths.filter((path) => hit !== "" && path !== hit && !path.startsWith(`${hit}/`));
    for (const { field, offset, lengthBytes } of fieldsOf(structure)) {
      const original = Buffer.from(image.bytes.subarray(at + offset, at + offset + lengthBytes));
      for (const patched of edges(original)) {
        patched.copy(image.bytes, at + offset);
        const title = `${structure.name}: ${field} = ${patched.toString("hex")}`;
        const found = new Set(usedPaths(image, title));
        expect(
          unharmed.filter((path) => !found.has(path)),
          title,
        ).toEqual([]);
      }
      original.copy(image.bytes, at + offset);
    }
  },
);

/** The paths that are there after everything was looked at. Any error but nomount's own goes through. */
function usedPaths(image: NtfsImage, title: string): readonly string[] {
  try {
    const fileSystem = image.open();
    useFileSystem(fileSystem, new Random(title));
    return walkAll(fileSystem).paths;
  } catch (error) {
    if (!(error instanceof NomountError)) throw new Error(title, { cause: error });
    checkHelpful(error);
    return [];
  }
}

function fieldsOf(structure: AnyStruct): readonly { field: string; offset: number; lengthBytes: number }[] {
  const fields: string[] = [];
  // The getters lie on the view's prototype.
  for (const field in structure.view(new Uint8Array(structure.sizeBytes))) fields.push(field);
  return fields.map((field, i) => {
    const offset = structure.offsetOf(field as never);
    const next = fields[i + 1];
    return {
      field,
      offset,
      lengthBytes: (next === undefined ? structure.sizeBytes : structure.offsetOf(next as never)) - offset,
    };
  });
}

/** Nothing, everything, one more, and another sign. */
function edges(original: Buffer): readonly Buffer[] {
  const more = Buffer.from(original);
  more[0] = ((more[0] ?? 0) + 1) & 0xff;
  const sign = Buffer.from(original);
  sign[sign.length - 1] = (sign.at(-1) ?? 0) ^ 0x80;
  return [Buffer.alloc(original.length), Buffer.alloc(original.length, 0xff), more, sign].filter(
    (patched) => !patched.equals(original),
  );
}
