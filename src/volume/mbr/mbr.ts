import { hex, NomountError, type Warn } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { partitionVolume } from "../partition.ts";
import type { Volume, VolumeDriver, VolumeOptions, VolumeTable } from "../volume.ts";
import { ACTIVE, type BootRecord, type Entry, isExtended, partitionTableIn } from "./boot-record.ts";
import { logicalPartitions } from "./extended.ts";
import { BOOT_RECORD_BYTES } from "./layout.ts";
import { typeName } from "./type-names.ts";

/** The table does not tell the sector it counts in. */
const DEFAULT_SECTOR_BYTES = 512;

/** As in Linux (DISK_MAX_PARTS): p255 is the last. */
const LAST_NUMBER = 255;

/** DOS partition tables: up to four primary partitions, logical ones in a chain from p5 on. */
export const mbrDriver: VolumeDriver = {
  scheme: "mbr",
  joins: false,

  probe: (source, options) => tableOf(source, options) !== undefined,

  open(sources, options, warn) {
    return sources.map((source) => {
      const record = tableOf(source, options);
      if (record === undefined) {
        throw new NomountError("corrupt", "mbr: no partition table in sector 0", {
          where: { label: source.label, offsetBytes: 0 },
        });
      }
      return openTable(source, record, options.sectorBytes ?? DEFAULT_SECTOR_BYTES, warn);
    });
  },
};

/** The partition table in sector 0, or undefined. */
export function tableOf(source: BlockSource, options: VolumeOptions): BootRecord | undefined {
  if (source.sizeBytes < BOOT_RECORD_BYTES) return undefined;
  const sector = new Uint8Array(BOOT_RECORD_BYTES);
  source.readSync(sector, 0);
  return partitionTableIn(sector, Math.floor(source.sizeBytes / (options.sectorBytes ?? DEFAULT_SECTOR_BYTES)));
}

function openTable(source: BlockSource, record: BootRecord, sectorBytes: number, warn: Warn): VolumeTable {
  const { diskSignature } = record;
  const volume = (number: number, entry: Entry, startLba: number, container: boolean): Volume =>
    partitionVolume(
      "mbr",
      source,
      {
        name: `p${number}`,
        startBytes: startLba * sectorBytes,
        sizeBytes: entry.sectorCount * sectorBytes,
        type: { id: hex(entry.type, 2), name: typeName(entry.type) },
        label: undefined,
        uuid: diskSignature === 0 ? undefined : partitionUuid(diskSignature, number),
        bootable: entry.bootIndicator === ACTIVE,
        flags: [],
        container,
      },
      warn,
    );
  const used = record.entries.filter(({ sectorCount }) => sectorCount > 0);
  const volumes = used.map((entry) => volume(entry.slot + 1, entry, entry.startLba, isExtended(entry)));
  let next = 5;
  for (const extended of used.filter(isExtended)) {
    for (const { entry, startLba } of logicalPartitions(source, extended, sectorBytes, LAST_NUMBER + 1 - next, warn)) {
      volumes.push(volume(next, entry, startLba, false));
      next += 1;
    }
  }
  return {
    scheme: "mbr",
    label: "",
    uuid: diskSignature === 0 ? undefined : hex(diskSignature, 8),
    sectorBytes,
    sources: [source],
    certain: true,
    notes: [],
    volumes,
  };
}

/** As Linux and udev make a PARTUUID where the table has none. */
function partitionUuid(diskSignature: number, number: number): string {
  return `${diskSignature.toString(16).padStart(8, "0")}-${number.toString(16).padStart(2, "0")}`;
}
