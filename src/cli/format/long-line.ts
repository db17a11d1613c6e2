import { nameForDisplay } from "../../bytes/names.ts";
import type { Node } from "../../filesystem/node.ts";
import { modeString } from "./mode.ts";
import { shortSize } from "./size.ts";
import { isoSeconds } from "./time.ts";

/** One file as `ls -l` shows it, apart from its name: mode, links, owner, group, size or device, time of change (UTC). */
export function longCells(node: Node, human: boolean): string[] {
  return [
    modeString(node.kind, node.mode),
    node.linkCount.toString(),
    node.uid?.toString() ?? "-",
    node.gid?.toString() ?? "-",
    sizeCell(node, human),
    node.modifiedNs === undefined ? "-" : isoSeconds(node.modifiedNs),
  ];
}

/** Cells padded to the widest of their column, a space apart; the name goes unpadded at the end. */
export function alignedLines(rows: readonly { readonly cells: readonly string[]; readonly name: string }[]): string[] {
  const widths: number[] = [];
  for (const { cells } of rows) {
    for (const [i, cell] of cells.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows.map(({ cells, name }) => `${cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join(" ")} ${name}`);
}

/** In a message: the name between quotes, escaped. */
export function quoted(name: string): string {
  return `"${nameForDisplay(name)}"`;
}

function sizeCell(node: Node, human: boolean): string {
  if (node.device !== undefined) return `${node.device.major}, ${node.device.minor}`;
  return human ? shortSize(node.sizeBytes) : node.sizeBytes.toString();
}
