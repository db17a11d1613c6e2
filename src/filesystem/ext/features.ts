/**
 * Feature bits and their names as mke2fs(8) and dumpe2fs(8) write them (Linux,
 * Documentation/filesystems/ext4/super.rst, "Feature Sets").
 */
type Names = readonly (readonly [bit: number, name: string])[];

const compatible: Names = [
  [0x1, "dir_prealloc"],
  [0x2, "imagic_inodes"],
  [0x4, "has_journal"],
  [0x8, "ext_attr"],
  [0x10, "resize_inode"],
  [0x20, "dir_index"],
  [0x200, "sparse_super2"],
  [0x400, "fast_commit"],
  [0x800, "stable_inodes"],
  [0x1000, "orphan_file"],
];

const incompatible: Names = [
  [0x1, "compression"],
  [0x2, "filetype"],
  [0x4, "needs_recovery"],
  [0x8, "journal_dev"],
  [0x10, "meta_bg"],
  [0x40, "extent"],
  [0x80, "64bit"],
  [0x100, "mmp"],
  [0x200, "flex_bg"],
  [0x400, "ea_inode"],
  [0x1000, "dirdata"],
  [0x2000, "metadata_csum_seed"],
  [0x4000, "large_dir"],
  [0x8000, "inline_data"],
  [0x10000, "encrypt"],
  [0x20000, "casefold"],
];

const readOnly: Names = [
  [0x1, "sparse_super"],
  [0x2, "large_file"],
  [0x4, "dir_btree"],
  [0x8, "huge_file"],
  [0x10, "uninit_bg"],
  [0x20, "dir_nlink"],
  [0x40, "extra_isize"],
  [0x100, "quota"],
  [0x200, "bigalloc"],
  [0x400, "metadata_csum"],
  [0x800, "replica"],
  [0x1000, "read-only"],
  [0x2000, "project"],
  [0x4000, "shared_blocks"],
  [0x8000, "verity"],
  [0x10000, "orphan_present"],
];

/** Incompatible ones whose structures this reader does not know; those without a name are unknown, too. */
const UNREAD = new Set(["compression", "journal_dev", "dirdata"]);

export interface FeatureBits {
  readonly compatible: number;
  readonly incompatible: number;
  readonly readOnly: number;
}

export interface Features {
  readonly names: ReadonlySet<string>;
  /** Of those that a reader must know: what this one does not. */
  readonly unsupported: readonly string[];
}

export function featuresOf(bits: FeatureBits): Features {
  const required = namesOf(bits.incompatible, incompatible, "FEATURE_I");
  const all = [
    ...namesOf(bits.compatible, compatible, "FEATURE_C"),
    ...required,
    ...namesOf(bits.readOnly, readOnly, "FEATURE_R"),
  ];
  return { names: new Set(all), unsupported: required.filter((name) => UNREAD.has(name) || name.startsWith("FEATURE_I")) };
}

/** ext2, ext3 and ext4 are one format: the newest feature decides what it is called. */
export function typeOf(bits: FeatureBits): "ext2" | "ext3" | "ext4" {
  const ext3Incompatible = bitsOf(incompatible, ["filetype", "needs_recovery", "journal_dev", "meta_bg"]);
  const ext3ReadOnly = bitsOf(readOnly, ["sparse_super", "large_file", "dir_btree"]);
  if ((bits.incompatible & ~ext3Incompatible) !== 0 || (bits.readOnly & ~ext3ReadOnly) !== 0) return "ext4";
  return (bits.compatible & bitsOf(compatible, ["has_journal"])) === 0 ? "ext2" : "ext3";
}

/** Bits without a name as e2fsprogs writes them: the kind and the number of the bit. */
function namesOf(bits: number, names: Names, unknown: string): string[] {
  const found: string[] = [];
  for (let i = 0; i < 32; i++) {
    const bit = (1 << i) >>> 0;
    if ((bits & bit) === 0) continue;
    found.push(names.find(([known]) => known === bit)?.[1] ?? `${unknown}${i}`);
  }
  return found;
}

function bitsOf(names: Names, wanted: readonly string[]): number {
  return names.reduce((bits, [bit, name]) => (wanted.includes(name) ? bits | bit : bits), 0);
}
