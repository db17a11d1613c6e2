import { guidText } from "../../bytes/guid.ts";
import { safeNumber } from "../../bytes/int64.ts";
import { nameFromUtf16le } from "../../bytes/names.ts";
import { damageOf, NomountError, type Warn } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import type { BootRecord } from "../mbr/boot-record.ts";
import { tableOf as mbrOf } from "../mbr/mbr.ts";
import { partitionVolume } from "../partition.ts";
import type { Volume, VolumeDriver, VolumeOptions } from "../volume.ts";
import { attributeNames, LEGACY_BOOT } from "./attributes.ts";
import { type Gpt, hasSignature, readGpt } from "./header.ts";
import { gptEntry, gptHeader } from "./layout.ts";
import { typeName } from "./type-names.ts";

/** The MBR type that guards a GPT from tools that know none. */
const PROTECTIVE = 0xee;

/** Where nobody says what the sector is, the place of the header does. */
const SECTOR_SIZES: readonly number[] = [512, 4096];

/** GUID partition tables. */
export const gptDriver: VolumeDriver = {
  scheme: "gpt",
  joins: false,

  /** As Linux has it, an MBR of other partitions rules: then a GPT is a leftover. Without any MBR the GPT's own word is taken. */
  probe(source, options) {
    const mbr = mbrOf(source, { sectorBytes: undefined });
    const others = usedEntries(mbr).filter(({ type }) => type !== PROTECTIVE);
    const guarded = isGuarded(mbr);
    if (others.length > 0 && !guarded) return false;
    const sizes = sectorSizes(options);
    const found = sizes.some((size) => hasSignature(source, size) || hasSignature(source, lastLba(source, size) * size));
    return found || (guarded && others.length === 0);
  },

  open(sources, options, warn) {
    return sources.map((source) => {
      const gpt = findGpt(source, options, warn);
      const mbr = mbrOf(source, { sectorBytes: undefined });
      return {
        scheme: "gpt",
        label: "",
        uuid: gpt.diskGuid,
        sectorBytes: gpt.sectorBytes,
        sources: [source],
        certain: gpt.myLba === 1 || isGuarded(mbr),
        notes: notesOn(mbr),
        volumes: [...volumesOf(source, gpt, warn)],
      };
    });
  },
};

/** The primary table, or where it is damaged the backup: by the primary's own pointer, or in the last sector. */
function findGpt(source: BlockSource, options: VolumeOptions, warn: Warn): Gpt {
  const sizes = sectorSizes(options);
  const size = sizes.find((each) => hasSignature(source, each));
  const damage: NomountError[] = [];
  const attempt = (lba: number, sectorBytes: number): Gpt | undefined => {
    try {
      return readGpt(source, lba, sectorBytes);
    } catch (error) {
      damage.push(damageOf(error));
      return undefined;
    }
  };

  const primary = attempt(1, size ?? sizes[0] ?? 512);
  if (primary !== undefined) {
    if (attempt(primary.alternateLba, primary.sectorBytes) === undefined) {
      for (const { message } of damage)
        warn(new NomountError("corrupt", `gpt: the backup cannot be used, the primary is: ${message}`));
    }
    return primary;
  }
  const places = (size === undefined ? sizes : [size]).flatMap((sectorBytes) => {
    const pointed = size === undefined ? undefined : alternateOf(source, sectorBytes);
    const lbas = new Set([...(pointed === undefined ? [] : [pointed]), lastLba(source, sectorBytes)]);
    return [...lbas].map((lba) => ({ lba, sectorBytes }));
  });
  for (const { lba, sectorBytes } of places) {
    if (!hasSignature(source, lba * sectorBytes)) continue;
    const backup = attempt(lba, sectorBytes);
    if (backup === undefined) continue;
    const place = `the backup at byte ${lba * sectorBytes} is used`;
    warn(new NomountError("corrupt", `gpt: the primary is damaged, ${place}: ${damage[0]?.message ?? ""}`));
    return backup;
  }
  throw new NomountError(
    "corrupt",
    `gpt: neither the primary nor a backup can be used: ${damage.map((each) => each.message).join("; ")}`,
    {
      cause: damage[0],
    },
  );
}

function* volumesOf(source: BlockSource, gpt: Gpt, warn: Warn): Generator<Volume> {
  const { sectorBytes, entries, entryBytes } = gpt;
  for (let at = 0, number = 1; at + entryBytes <= entries.length; at += entryBytes, number++) {
    const entry = gptEntry.view(entries, at);
    if (entry.typeGuid.every((byte) => byte === 0)) continue;
    const name = `p${number}`;
    const { firstLba, lastLba: last, attributes } = entry;
    if (last < firstLba || (last + 1n) * BigInt(sectorBytes) > BigInt(Number.MAX_SAFE_INTEGER)) {
      const range = `first LBA ${firstLba}, last LBA ${last}`;
      warn(
        new NomountError("corrupt", `gpt: ${name} is left out, its place makes no sense: ${range}`, {
          where: { label: source.label },
        }),
      );
      continue;
    }
    const startLba = safeNumber(firstLba, "gpt: first LBA");
    const endLba = safeNumber(last, "gpt: last LBA") + 1;
    const typeId = guidText(entry.typeGuid);
    yield partitionVolume(
      "gpt",
      source,
      {
        name,
        startBytes: startLba * sectorBytes,
        sizeBytes: (endLba - startLba) * sectorBytes,
        type: { id: typeId, name: typeName(typeId) },
        label: nameUntilZero(entry.name),
        uuid: guidText(entry.partitionGuid),
        bootable: (attributes & LEGACY_BOOT) !== 0n,
        flags: attributeNames(attributes),
        container: false,
      },
      warn,
    );
  }
}

function nameUntilZero(units: Uint8Array): string | undefined {
  let length = 0;
  while (length + 1 < units.length && (units[length] !== 0 || units[length + 1] !== 0)) length += 2;
  return length === 0 ? undefined : nameFromUtf16le(units.subarray(0, length));
}

function notesOn(mbr: BootRecord | undefined): readonly string[] {
  if (!isGuarded(mbr)) return ["no protective MBR"];
  const shared = usedEntries(mbr).filter(({ type }) => type !== PROTECTIVE);
  if (shared.length === 0) return [];
  return [`hybrid MBR: its slots ${shared.map(({ slot }) => slot + 1).join(", ")} are partitions too; the GPT rules`];
}

function isGuarded(mbr: BootRecord | undefined): boolean {
  return mbr?.entries.some(({ type }) => type === PROTECTIVE) === true;
}

function usedEntries(mbr: BootRecord | undefined) {
  return mbr === undefined ? [] : mbr.entries.filter(({ sectorCount }) => sectorCount > 0);
}

function sectorSizes({ sectorBytes }: VolumeOptions): readonly number[] {
  return sectorBytes === undefined ? SECTOR_SIZES : [sectorBytes];
}

function lastLba(source: BlockSource, sectorBytes: number): number {
  return Math.floor(source.sizeBytes / sectorBytes) - 1;
}

/** Where a damaged primary header says that the backup lies. */
function alternateOf(source: BlockSource, sectorBytes: number): number | undefined {
  const bytes = new Uint8Array(gptHeader.sizeBytes);
  source.readSync(bytes, sectorBytes);
  const { alternateLba } = gptHeader.view(bytes);
  return alternateLba * BigInt(sectorBytes) < BigInt(source.sizeBytes) ? Number(alternateLba) : undefined;
}
