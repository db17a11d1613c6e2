import { hex } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";

/** Whether the content of hiberfil.sys says that Windows sleeps in it. */
export function isHibernated(hibernation: BlockSource): boolean {
  if (hibernation.sizeBytes < 4) return false;
  const mark = new Uint8Array(4);
  hibernation.readSync(mark, 0);
  return String.fromCharCode(...mark).toLowerCase() === "hibr";
}

/** Flags of $VOLUME_INFORMATION that ask for attention. */
const DIRTY = 0x1;
const VOLUME_FLAGS: readonly (readonly [number, string])[] = [
  [0x2, "resize $LogFile"],
  [0x4, "upgrade on mount"],
  [0x8, "mounted on NT 4"],
  [0x10, "delete USN journal underway"],
  [0x20, "repair object ids"],
  [0x4000, "chkdsk underway"],
  [0x8000, "modified by chkdsk"],
];

export function volumeFlags(flags: number): { dirty: boolean; names: readonly string[] } {
  const names = VOLUME_FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  const unknown = flags & ~VOLUME_FLAGS.reduce((all, [bit]) => all | bit, DIRTY);
  if ((flags & DIRTY) !== 0) names.unshift("dirty");
  if (unknown !== 0) names.push(hex(unknown));
  return { dirty: (flags & DIRTY) !== 0, names };
}
