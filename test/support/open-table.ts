import type { BlockSource } from "../../src/source/block-source.ts";
import { volumeDrivers } from "../../src/volume/drivers.ts";
import type { Volume, VolumeTable } from "../../src/volume/volume.ts";
import type { SfdiskPartition } from "./golden-table.ts";

export interface OpenedTable {
  readonly table: VolumeTable;
  readonly warnings: readonly string[];
}

/** Opens a source with the first partition table driver that claims it. */
export function openTable(source: BlockSource, sectorBytes?: number): OpenedTable {
  const warnings: string[] = [];
  const driver = volumeDrivers.find((each) => !each.joins && each.probe(source, { sectorBytes }));
  const [table] = driver?.open([source], { sectorBytes }, ({ message }) => void warnings.push(message)) ?? [];
  if (table === undefined) throw new Error("no driver takes this for a partition table");
  return { table, warnings };
}

/** A volume in the words of `sfdisk --json`. */
export function asSfdisk(volume: Volume, sectorBytes: number, scheme: "mbr" | "gpt"): SfdiskPartition {
  const { name, startBytes = 0, source, type, bootable, uuid, label, flags } = volume;
  const place = { number: Number(name.slice(1)), start: startBytes / sectorBytes, size: source.sizeBytes / sectorBytes };
  if (scheme === "mbr") return { ...place, type: type?.id.replace(/^0x0?/, "") ?? "", ...(bootable ? { bootable } : {}) };
  return {
    ...place,
    type: type?.id ?? "",
    ...(uuid === undefined ? {} : { uuid }),
    ...(label === undefined ? {} : { name: label }),
    ...(flags.length === 0 ? {} : { attrs: flags.join(" ") }),
  };
}
