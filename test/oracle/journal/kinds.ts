/** A kind of filesystem with its way of being mounted and written, from which dirty images are made. */
export interface Kind {
  readonly name: string;
  /** Arguments of mke2fs; ext4 unless they say otherwise. */
  readonly make: readonly string[];
  readonly mount?: string;
  /** Arguments of workload.py. */
  readonly load?: readonly string[];
  readonly sizeBytes?: number;
  /** An external journal of this size lies behind the filesystem in the same file, so that one copy takes both. */
  readonly externalJournalBytes?: number;
  /** How the journal came to where it lies; undefined: mke2fs made it, in one piece. */
  readonly journal?: OddJournal;
  /** What EXT4_IOC_SHUTDOWN does to it; undefined: it is copied while it is written. */
  readonly shutdown?: 0 | 1 | 2;
}

/**
 * In the gaps that files have left; elsewhere than a first one, whose place files have taken; or in a file with a name, as a
 * mounted ext2 gets it.
 */
export type OddJournal = "fragmented" | "moved" | "in a file";

const fast = ["kinds=fast", "fsync=30"];

/** Every kind of journal that the kernel makes: blocks of 1 to 4 KiB, checksums, modes of data, features, ways to crash. */
export const kinds: readonly Kind[] = [
  { name: "default", make: ["-b", "4096", "-J", "size=16"] },
  { name: "1k-blocks", make: ["-b", "1024", "-J", "size=4"], mount: "commit=1" },
  { name: "2k-blocks", make: ["-b", "2048", "-J", "size=4"], mount: "commit=1" },
  { name: "no-checksum-32bit", make: ["-O", "^metadata_csum,^64bit", "-J", "size=4"], mount: "commit=1" },
  { name: "no-checksum-64bit", make: ["-O", "^metadata_csum,64bit", "-J", "size=4"], mount: "commit=1" },
  {
    name: "checksum-v1",
    make: ["-O", "^metadata_csum,uninit_bg", "-J", "size=4"],
    mount: "commit=1,journal_checksum",
  },
  {
    name: "checksum-v1-async",
    make: ["-O", "^metadata_csum,^64bit", "-b", "1024", "-J", "size=4"],
    mount: "commit=1,journal_async_commit,data=writeback",
  },
  { name: "checksum-v3-async", make: ["-J", "size=4"], mount: "commit=1,journal_async_commit,data=writeback" },
  { name: "checksum-v3-32bit", make: ["-O", "^64bit", "-J", "size=4"], mount: "commit=1" },
  { name: "data-journal", make: ["-J", "size=32"], mount: "commit=1,data=journal" },
  { name: "data-journal-1k", make: ["-b", "1024", "-J", "size=16"], mount: "commit=1,data=journal" },
  { name: "data-writeback", make: ["-J", "size=4"], mount: "commit=1,data=writeback" },
  { name: "ext3", make: ["-t", "ext3", "-b", "1024", "-I", "128", "-J", "size=4"], mount: "commit=1" },
  { name: "ext3-data-journal", make: ["-t", "ext3", "-J", "size=16"], mount: "commit=1,data=journal" },
  { name: "small-ring", make: ["-b", "1024", "-J", "size=1"], mount: "commit=1", load: ["fsync=50"] },
  { name: "small-ring-data-journal", make: ["-b", "1024", "-J", "size=2"], mount: "data=journal", load: ["fsync=20"] },
  { name: "orphan-file", make: ["-O", "orphan_file", "-J", "size=4"], mount: "commit=1" },
  { name: "bigalloc", make: ["-O", "bigalloc", "-C", "16384", "-J", "size=4"], mount: "commit=1" },
  { name: "inline-data", make: ["-O", "inline_data", "-J", "size=4"], mount: "commit=1" },
  { name: "meta-bg", make: ["-O", "meta_bg,^resize_inode", "-b", "1024", "-J", "size=4"], mount: "commit=1" },
  { name: "no-flex-bg", make: ["-O", "^flex_bg,uninit_bg,^metadata_csum", "-b", "1024", "-J", "size=4"], mount: "commit=1" },
  { name: "ea-inode", make: ["-O", "ea_inode,large_dir", "-b", "1024", "-J", "size=4"], mount: "commit=1" },
  { name: "external-journal", make: ["-b", "4096"], mount: "commit=1", externalJournalBytes: 16 << 20 },
  { name: "external-journal-1k", make: ["-b", "1024"], mount: "commit=1,data=journal", externalJournalBytes: 16 << 20 },
  { name: "fragmented-journal", make: ["-b", "1024"], mount: "commit=1", journal: "fragmented", sizeBytes: 64 << 20 },
  { name: "moved-journal", make: ["-b", "1024", "-J", "size=4"], mount: "commit=1,data=journal", journal: "moved" },
  { name: "journal-in-a-file", make: ["-b", "1024"], mount: "commit=1", journal: "in a file" },
  { name: "shutdown-default", make: ["-J", "size=16"], shutdown: 0 },
  { name: "shutdown-log-flush", make: ["-J", "size=16"], shutdown: 1 },
  { name: "shutdown-no-log-flush", make: ["-J", "size=16"], load: ["fsync=30"], shutdown: 2 },
  { name: "shutdown-data-journal", make: ["-J", "size=32"], mount: "data=journal", shutdown: 1 },
  { name: "fast-commit", make: ["-O", "fast_commit", "-J", "size=8"], load: fast },
  { name: "fast-commit-1k", make: ["-O", "fast_commit", "-b", "1024", "-J", "size=8"], load: fast },
  {
    name: "fast-commit-no-checksum",
    make: ["-O", "fast_commit,^metadata_csum,^64bit", "-b", "2048", "-J", "size=8"],
    load: fast,
  },
  { name: "fast-commit-orphan-file", make: ["-O", "fast_commit,orphan_file", "-J", "size=8"], load: ["fsync=30"] },
  // Not with inline_data: a file that outgrows its inode between two commits can end Linux 6.18 in a BUG (ext4_split_extent_at),
  // after which no sync(2) of the machine comes back.
  { name: "fast-commit-bigalloc", make: ["-O", "fast_commit,bigalloc", "-C", "16384", "-J", "size=8"], load: fast },
  {
    name: "fast-commit-small-ring",
    make: ["-O", "fast_commit", "-b", "1024", "-J", "size=4,fast_commit_size=1024"],
    load: ["fsync=20"],
  },
  { name: "fast-commit-shutdown", make: ["-O", "fast_commit", "-J", "size=8"], load: fast, shutdown: 2 },
];
