/** Attribute flags of $STANDARD_INFORMATION ([MS-FSCC] 2.6); the words are those of Windows' own tools. */
export const FLAG = { system: 0x4, archive: 0x20, reparse: 0x400, offline: 0x1000, recall: 0x400000 } as const;

const NAMES: readonly (readonly [number, string])[] = [
  [0x1, "readonly"],
  [0x2, "hidden"],
  [0x4, "system"],
  [0x20, "archive"],
  [0x40, "device"],
  [0x100, "temporary"],
  [0x200, "sparse"],
  [0x400, "reparse point"],
  [0x800, "compressed"],
  [0x1000, "offline"],
  [0x2000, "not content indexed"],
  [0x4000, "encrypted"],
  [0x8000, "integrity stream"],
  [0x20000, "no scrub data"],
  [0x40000, "extended attributes"],
  [0x80000, "pinned"],
  [0x100000, "unpinned"],
  [0x400000, "recall on data access"],
];

/** Volumes have a few dozen combinations, and millions of files. */
const known = new Map<number, readonly string[]>();
const MAX_KNOWN = 1024;

export function flagNames(flags: number): readonly string[] {
  let names = known.get(flags);
  if (names === undefined) {
    names = NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
    if (known.size < MAX_KNOWN) known.set(flags, names);
  }
  return names;
}
