import type { Place } from "../image/image.ts";
import type { VolumeTable } from "../volume/volume.ts";
import { shortSize } from "./format/size.ts";
import type { Column } from "./format/table.ts";
import { safeLine } from "./output.ts";
import { rootOffsetOf } from "./root-offset.ts";

type Cell = (place: Place) => string;

/** Volumes as `fdisk -l -u` prints them, with the address in place of the device, and the byte offset that `@` takes. */
export function volumeRows(table: VolumeTable, places: readonly Place[]): { columns: Column[]; rows: string[][] } {
  const { scheme, sectorBytes } = table;
  const cells: (readonly [title: string, align: Column["align"], cell: Cell])[] = [
    ["Volume", "left", ({ address }) => safeLine(address)],
  ];
  if (scheme === "mbr") cells.push(["Boot", "left", ({ volume }) => (volume?.bootable === true ? "*" : "")]);
  if (sectorBytes !== undefined) {
    const sector = (bytes: number) => Math.floor(bytes / sectorBytes);
    const start: Cell = ({ volume }) => (volume?.startBytes === undefined ? "-" : sector(volume.startBytes).toString());
    // Inclusive, as fdisk has it.
    const end: Cell = ({ volume, source }) =>
      volume?.startBytes === undefined ? "-" : (sector(volume.startBytes + source.sizeBytes) - 1).toString();
    cells.push(
      ["Start", "right", start],
      ["End", "right", end],
      ["Sectors", "right", ({ source }) => sector(source.sizeBytes).toString()],
    );
  }
  cells.push(["Size", "right", ({ source }) => shortSize(source.sizeBytes)]);
  if (scheme === "mbr") cells.push(["Id", "right", ({ volume }) => volume?.type?.id.replace(/^0x0?/, "") ?? "-"]);
  if (scheme === "mbr" || scheme === "gpt") cells.push(["Type", "left", ({ volume }) => safeLine(volume?.type?.name ?? "-")]);
  if (scheme === "gpt") cells.push(["Name", "left", ({ volume }) => safeLine(volume?.label ?? "")]);
  if (places.some(({ volume }) => volume?.snapshotOf !== undefined)) {
    cells.push(["Snapshot of", "left", ({ volume }) => safeLine(volume?.snapshotOf ?? "")]);
  }
  cells.push(["Offset", "left", ({ source }) => offsetCell(rootOffsetOf(source))]);
  return {
    columns: cells.map(([title, align]) => ({ title, align })),
    rows: places.map((place) => cells.map(([, , cell]) => cell(place))),
  };
}

function offsetCell(offsetBytes: number | undefined): string {
  return offsetBytes === undefined ? "-" : `@${offsetBytes}`;
}
