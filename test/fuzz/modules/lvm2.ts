import { crc32Raw } from "../../../src/bytes/crc32.ts";
import { crc32c } from "../../../src/bytes/crc32c.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { SliceSource } from "../../../src/source/slice.ts";
import { gptDriver } from "../../../src/volume/gpt/gpt.ts";
import {
  CRC_INITIAL,
  labelHeader,
  METADATA_HEADER_BYTES,
  metadataAreaHeader,
  rawLocation,
} from "../../../src/volume/lvm2/layout.ts";
import { lvm2Driver } from "../../../src/volume/lvm2/lvm2.ts";
import { NODE_CHECKSUM_XOR } from "../../../src/volume/lvm2/persistent-data/layout.ts";
import { SUPERBLOCK_CHECKSUM_XOR } from "../../../src/volume/lvm2/thin/layout.ts";
import { partitions } from "../../support/lvm2.ts";
import type { FuzzModule, Original, Target } from "../fuzz-module.ts";
import { fixture, fixturesNamed, original } from "../originals.ts";
import type { Patched } from "../patched.ts";
import { tolerate, useSource } from "../use-source.ts";

const LARGEST_BYTES = 64 << 20;
const SECTOR = 512;
const THIN_BLOCK = 4096;
/** The label's place in the group's partitions; `lvm2-linear` has two others, which go without. */
const LABEL = SECTOR;
const FIRST_AREA = 4096;

const places = new Map<string, readonly { readonly startBytes: number; readonly sizeBytes: number }[]>();

/** Volume groups over the partitions of a disk: every volume, what is told of it, and the history. */
export const fuzz: FuzzModule = {
  name: "lvm2",
  originals: () =>
    fixturesNamed("lvm2-", LARGEST_BYTES)
      .filter(onGpt)
      .map((name) => groupOn(name)),
  run({ source, original: { name }, random }) {
    const disks = (places.get(name) ?? []).map(
      ({ startBytes, sizeBytes }) => new SliceSource(source, startBytes, sizeBytes, name),
    );
    const present = disks.filter((disk) => disk.presentBytes > 0 && !random.chance(0.05) && lvm2Driver.probe(disk, OPTIONS));
    for (const table of lvm2Driver.open(present, OPTIONS, () => {})) {
      table.details?.();
      if (random.chance(0.05)) table.history?.();
      for (const volume of table.volumes) {
        tolerate(() => volume.details?.());
        useSource(volume.source, random);
      }
    }
  },
};

const OPTIONS = { sectorBytes: undefined };

/** The others are nests, which `image` mutates. */
function onGpt(name: string): boolean {
  return gptDriver.probe(new MemorySource(fixture(name)), OPTIONS);
}

function groupOn(name: string): Original {
  const bytes = fixture(name);
  const disks = partitions(name, bytes).flatMap((disk) => (disk instanceof SliceSource ? disk : []));
  places.set(name, disks);
  const targets = disks.flatMap(({ startBytes }): Target[] => [
    { name: "label", offsetBytes: startBytes, lengthBytes: 4 * SECTOR },
    { name: "area", offsetBytes: startBytes + FIRST_AREA, lengthBytes: METADATA_HEADER_BYTES },
    ...textOf(bytes, startBytes),
  ]);
  const starts = disks.map(({ startBytes }) => startBytes);
  return original(name, bytes, [...targets, ...structures(bytes)], (image) => repair(image, starts));
}

/** The current text, where mutations are most telling. */
function textOf(bytes: Uint8Array, startBytes: number): readonly Target[] {
  const at = startBytes + FIRST_AREA + metadataAreaHeader.sizeBytes;
  const { offset, size } = rawLocation.view(bytes, at);
  if (offset === 0n) return [];
  const lengthBytes = Math.min(Number(size), 16_384);
  return [{ name: "text", offsetBytes: startBytes + FIRST_AREA + Number(offset), lengthBytes, weight: 6 }];
}

/** Snapshot stores, raid superblocks and mirror logs by their magic, thin metadata by its checksums. */
function structures(bytes: Uint8Array): readonly Target[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const targets: Target[] = [];
  for (let at = 0; at + THIN_BLOCK <= bytes.length; at += SECTOR) {
    const magic = view.getUint32(at, true);
    if (magic === 0) continue;
    if (MAGICS.has(magic)) targets.push({ name: "structure", offsetBytes: at, lengthBytes: 2 * THIN_BLOCK, weight: 2 });
    else if (at % THIN_BLOCK === 0 && thinSeed(bytes.subarray(at, at + THIN_BLOCK)) !== undefined) {
      targets.push({ name: "thin block", offsetBytes: at, lengthBytes: THIN_BLOCK });
    }
  }
  return targets;
}

/** "SnAp", "DmRd", "MiRr". */
const MAGICS = new Set([0x70416e53, 0x64526d44, 0x4d695272]);

function thinSeed(block: Uint8Array): number | undefined {
  const stored = new DataView(block.buffer, block.byteOffset).getUint32(0, true);
  const found = crc32c(block.subarray(4), 0xffffffff);
  return [SUPERBLOCK_CHECKSUM_XOR, NODE_CHECKSUM_XOR].find((seed) => (found ^ seed) >>> 0 === stored);
}

/** Right checksums for labels, areas and texts where they lie now. Thin blocks stay wrong: the tests in `hostile` repair them. */
function repair(image: Patched, starts: readonly number[]): void {
  const { bytes } = image;
  for (const start of starts) {
    if (start + FIRST_AREA + METADATA_HEADER_BYTES > bytes.length) continue;
    const area = start + FIRST_AREA;
    const at = area + metadataAreaHeader.sizeBytes;
    const { offset, size } = rawLocation.view(bytes, at);
    const text = area + Number(offset);
    if (offset > 0n && text + Number(size) <= bytes.length) {
      image.write(at + rawLocation.offsetOf("checksum"), crcOf(bytes.subarray(text, text + Number(size))));
    }
    const magic = area + metadataAreaHeader.offsetOf("magic");
    image.write(area, crcOf(bytes.subarray(magic, area + METADATA_HEADER_BYTES)));
    const label = start + LABEL;
    const contents = bytes.subarray(label + labelHeader.offsetOf("contentsOffset"), label + SECTOR);
    image.write(label + labelHeader.offsetOf("checksum"), crcOf(contents));
  }
}

function crcOf(bytes: Uint8Array): Uint8Array {
  const crc = new Uint8Array(4);
  new DataView(crc.buffer).setUint32(0, crc32Raw(bytes, CRC_INITIAL), true);
  return crc;
}
