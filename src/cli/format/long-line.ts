import { nameForDisplay } from "../../bytes/names.ts";
import type { Node } from "../../filesystem/node.ts";
import { type ByteText, digitsOf } from "../byte-text.ts";
import { modeString } from "./mode.ts";
import { shortSize } from "./size.ts";
import { secondsOf, widthOfSeconds, writeSeconds } from "./time.ts";

/** How wide the columns are that stand at the right: links, owner, group, size or device, time of change. */
export interface LongWidths {
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly time: number;
}

/** As wide as the widest cell of these. */
export function longWidths(nodes: Iterable<Node>, human: boolean): LongWidths {
  let [links, uid, gid, size, time] = [0, 0, 0, 0, 0];
  for (const node of nodes) {
    links = Math.max(links, digitsOf(node.linkCount));
    uid = Math.max(uid, digitsOf(node.uid ?? 0));
    gid = Math.max(gid, digitsOf(node.gid ?? 0));
    size = Math.max(size, sizeCell(node, human)?.length ?? digitsOf(node.sizeBytes));
    const seconds = secondsOf(node);
    time = Math.max(time, seconds === undefined ? 1 : widthOfSeconds(seconds));
  }
  return { links, uid, gid, size, time };
}

/** One file as `ls -l` shows it, up to its name: mode, links, owner, group, size or device, time of change (UTC), a space. */
export function writeLong(into: ByteText, node: Node, widths: LongWidths, human: boolean): void {
  into.text(modeString(node.kind, node.mode));
  into.text(" ");
  into.number(node.linkCount, widths.links);
  into.text(" ");
  writeId(into, node.uid, widths.uid);
  writeId(into, node.gid, widths.gid);
  const size = sizeCell(node, human);
  if (size === undefined) into.number(node.sizeBytes, widths.size);
  else into.padded(size, widths.size);
  into.text(" ");
  const seconds = secondsOf(node);
  if (seconds === undefined) {
    into.padded("-", widths.time);
  } else {
    into.padded("", widths.time - widthOfSeconds(seconds));
    writeSeconds(into, seconds);
  }
  into.text(" ");
}

/** In a message: the name between quotes, escaped. */
export function quoted(name: string): string {
  return `"${nameForDisplay(name)}"`;
}

function writeId(into: ByteText, id: number | undefined, width: number): void {
  if (id === undefined) into.padded("-", width);
  else into.number(id, width);
  into.text(" ");
}

/** Where it is no plain number. */
function sizeCell({ device, sizeBytes }: Node, human: boolean): string | undefined {
  if (device !== undefined) return `${device.major}, ${device.minor}`;
  return human ? shortSize(sizeBytes) : undefined;
}
