import { SourceError } from "../../../src/error.ts";
import { parseAttributeList } from "../../../src/filesystem/ntfs/attribute-list.ts";
import { parseBootSector } from "../../../src/filesystem/ntfs/boot-sector.ts";
import { linuxMetadata, parseExtendedAttributes, xattrsOf } from "../../../src/filesystem/ntfs/extended-attributes.ts";
import { fileNameOf } from "../../../src/filesystem/ntfs/file-name.ts";
import { parseFileRecord } from "../../../src/filesystem/ntfs/file-record.ts";
import { parseNode } from "../../../src/filesystem/ntfs/index-node.ts";
import { parseInterix } from "../../../src/filesystem/ntfs/interix.ts";
import { indexBlock } from "../../../src/filesystem/ntfs/layout.ts";
import { readRestart } from "../../../src/filesystem/ntfs/log/restart.ts";
import { parseReparse } from "../../../src/filesystem/ntfs/reparse.ts";
import { decodeRunList } from "../../../src/filesystem/ntfs/run-list.ts";
import { applyUpdateSequence } from "../../../src/filesystem/ntfs/update-sequence.ts";
import { lznt1 } from "../../../src/source/codec/lznt1.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import type { FuzzModule } from "../fuzz-module.ts";
import { ntfsStructures, type StructureKind } from "../ntfs-structures.ts";

const CLUSTER_COUNT = 1 << 20;
const UNIT_BYTES = 65_536;
const locator = { where: () => ({ label: "mutant" }) };

const uses: Readonly<Record<StructureKind, (bytes: Uint8Array) => void>> = {
  "boot sector": (bytes) => {
    if (bytes.length < 512) return;
    const geometry = parseBootSector(bytes, new MemorySource(bytes), 0);
    const { clusterBytes, recordBytes, indexBlockBytes, clusterCount } = geometry;
    for (const value of [clusterBytes, recordBytes, indexBlockBytes, clusterCount])
      if (!Number.isSafeInteger(value) || value <= 0) throw new Error(`a measure of ${value}`);
  },
  "FILE record": (bytes) => {
    if (bytes.length < 512) return;
    for (const attribute of parseFileRecord(bytes, 1, locator).attributes) {
      if (attribute.isResident) void fileNameOf(attribute);
      else decodeRunList(attribute.runList, attribute.startVcn, CLUSTER_COUNT);
      if (attribute.isResident && attribute.value.length !== attribute.valueBytes) throw new Error("a value that is cut");
    }
  },
  "INDX block": (bytes) => {
    if (bytes.length < 512) return;
    if (applyUpdateSequence(new DataView(bytes.buffer), 0, bytes.length) === undefined) parseNode(bytes, indexBlock.sizeBytes);
  },
  "run list": (bytes) => {
    const { count, vcns, lcns } = decodeRunList(bytes, 0, CLUSTER_COUNT);
    for (let i = 0; i < count; i++) {
      const [start = 0, end = 0, lcn = 0] = [vcns[i], vcns[i + 1], lcns[i]];
      if (end <= start || (lcn >= 0 && lcn + end - start > CLUSTER_COUNT)) throw new Error(`run ${i}: ${start} ${end} ${lcn}`);
    }
  },
  "attribute list": (bytes) => void parseAttributeList(bytes),
  "reparse point": (bytes) => {
    for (const isDirectory of [false, true]) {
      const { kind, refusal } = parseReparse(bytes, isDirectory);
      if (kind === "other" && refusal === undefined) throw new Error("an unknown reparse point without a word on it");
    }
  },
  "extended attributes": (bytes) => {
    const attributes = parseExtendedAttributes(bytes);
    linuxMetadata(attributes);
    for (const { name } of xattrsOf(attributes)) if (!name.includes(".")) throw new Error(`xattr ${name} has no namespace`);
  },
  "Interix file": (bytes) => void parseInterix(bytes),
  "restart pages": (bytes) => {
    try {
      readRestart(new MemorySource(bytes));
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
    }
  },
  "LZNT1 unit": (bytes) => {
    const unit = new Uint8Array(UNIT_BYTES).fill(0xee);
    lznt1([bytes.subarray(0, 4096), bytes.subarray(4096)], unit);
  },
};

/** Each structure of NTFS alone, thousands of mutants a second: what a whole image would reach once in a hundred mutants. */
export const fuzz: FuzzModule = {
  name: "ntfs-structures",
  originals: ntfsStructures,
  run({ original, bytes }) {
    const kind = original.name.replace(/ \d+$/, "") as StructureKind;
    uses[kind](bytes.slice());
  },
};
