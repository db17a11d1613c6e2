import { blob, struct, u8, u16le, u32le, u64le } from "../../../bytes/layout.ts";

/*
 * The structures of $LogFile, little-endian. Described by flatcap's Linux-NTFS documentation ($LogFile), by libfsntfs
 * ("Metadata transaction journal") and by the sources of two programs that replay it, read as descriptions: the kernel's
 * fs/ntfs3/fslog.c and ntfs-3g's ntfsrecover. Names in quotes are those of fslog.c.
 */

/** Both copies, at the first two system pages of the log. "RESTART_HDR". */
export const restartPage = struct("restart page", {
  signature: u32le(),
  updateSequenceOffset: u16le(),
  updateSequenceCount: u16le(),
  /** The highest number that a check of the disk found in use, where `signature` is "CHKD". */
  checkDiskLsn: u64le(),
  systemPageBytes: u32le(),
  logPageBytes: u32le(),
  restartAreaOffset: u16le(),
  minorVersion: u16le(),
  majorVersion: u16le(),
});

/** What is known of the log's end and its users. "RESTART_AREA". */
export const restartArea = struct("restart area", {
  /** The last record when this was written; the log may go on. */
  currentLsn: u64le(),
  clientCount: u16le(),
  clientFreeList: u16le(),
  /** 0xffff: nobody has the log open. */
  clientInUseList: u16le(),
  /** 1: pages are written one at a time; 2: the volume was closed in order. */
  flags: u16le(),
  /** Upper bits of a number that count the rounds of the log; the others are a position in units of 8 bytes. */
  sequenceBits: u32le(),
  areaBytes: u16le(),
  clientsOffset: u16le(),
  logBytes: u64le(),
  lastRecordBytes: u32le(),
  recordHeaderBytes: u16le(),
  pageDataOffset: u16le(),
  openCount: u32le(),
});

/** A user of the log; there is one, "NTFS". "CLIENT_REC". */
export const clientRecord = struct("client record", {
  oldestLsn: u64le(),
  /** The last checkpoint. */
  restartLsn: u64le(),
  previousClient: u16le(),
  nextClient: u16le(),
  sequence: u16le(),
  unused: blob(6),
  nameBytes: u32le(),
  name: blob(128),
});

/** What a page of records begins with. "RECORD_PAGE_HDR". */
export const recordPage = struct("log page", {
  signature: u32le(),
  updateSequenceOffset: u16le(),
  updateSequenceCount: u16le(),
  /** The last record that begins here or before; in a copy of version 1 the page's place in the log. */
  lastLsn: u64le(),
  /** 1: a record ends here. */
  flags: u32le(),
  /** Of the write that this page was part of. */
  pageCount: u16le(),
  pagePosition: u16le(),
  /** Where the free space begins. */
  nextRecordOffset: u16le(),
  unused: blob(6),
  /** The last record that ends here. */
  lastEndLsn: u64le(),
  /** The array of version 1 is longer than this for pages above 4 KiB. */
  updateSequence: blob(20),
  /** In a copy of version 2: the page's place in the log. */
  fileOffset: u32le(),
});

/** What every record begins with; `recordHeaderBytes` of the restart area counts it. "LFS_RECORD_HDR". */
export const recordHeader = struct("log record header", {
  lsn: u64le(),
  previousLsn: u64le(),
  /** Where a transaction that is undone goes on. */
  undoNextLsn: u64le(),
  dataBytes: u32le(),
  clientSequence: u16le(),
  clientIndex: u16le(),
  /** 1: a change; 2: a checkpoint. */
  type: u32le(),
  /** The transaction's place in their table. */
  transaction: u32le(),
  /** 1: goes on in the next page. */
  flags: u16le(),
  unused: blob(6),
});

/** A change, as NTFS describes it; the clusters that it touches follow, 8 bytes each. "LOG_REC_HDR". */
export const changeHeader = struct("log record", {
  redoOperation: u16le(),
  undoOperation: u16le(),
  redoOffset: u16le(),
  redoBytes: u16le(),
  undoOffset: u16le(),
  undoBytes: u16le(),
  /** The attribute's place in the table of open ones. */
  attribute: u16le(),
  clusterCount: u16le(),
  /** In a FILE record, of the attribute; else in the clusters. */
  recordOffset: u16le(),
  /** In the attribute or index block. */
  attributeOffset: u16le(),
  /** Of record or block in its first cluster, in units of 512 bytes. */
  clusterBlock: u16le(),
  unused: u16le(),
  vcn: u64le(),
});

/** The data of a checkpoint. "NTFS_RESTART". */
export const checkpoint = struct("log checkpoint", {
  /** 0: tables in the form of 32-bit Windows; 1: of 64-bit. */
  majorVersion: u32le(),
  minorVersion: u32le(),
  /** The last record before the tables were written down. */
  startLsn: u64le(),
  attributesLsn: u64le(),
  namesLsn: u64le(),
  dirtyPagesLsn: u64le(),
  transactionsLsn: u64le(),
  attributesBytes: u32le(),
  namesBytes: u32le(),
  dirtyPagesBytes: u32le(),
  transactionsBytes: u32le(),
});

/** A table of entries that are named by their offset in it. "RESTART_TABLE". */
export const restartTable = struct("restart table", {
  entryBytes: u16le(),
  entryCount: u16le(),
  usedCount: u16le(),
  unused: blob(6),
  freeGoal: u32le(),
  firstFree: u32le(),
  lastFree: u32le(),
});

/** An attribute that changes refer to. "OPEN_ATTR_ENRTY". */
export const openAttribute = struct("open attribute entry", {
  /** All ones where the entry is in use, here and in the other tables. */
  inUse: u32le(),
  indexBlockBytes: u32le(),
  type: u32le(),
  isDirty: u8(),
  unused: blob(3),
  reference: u64le(),
  openLsn: u64le(),
  pointer: u64le(),
});

/** The same from 32-bit Windows. "OPEN_ATTR_ENRTY_32". */
export const openAttribute32 = struct("open attribute entry", {
  inUse: u32le(),
  pointer: u32le(),
  reference: u64le(),
  openLsn: u64le(),
  isDirty: u8(),
  unused: blob(3),
  type: u32le(),
  nameLength: u8(),
  unused2: blob(3),
  namePointer: u32le(),
  indexBlockBytes: u32le(),
});

/** A page that was not on the disk when the checkpoint was made; its clusters follow, 8 bytes each. "DIR_PAGE_ENTRY". */
export const dirtyPage = struct("dirty page entry", {
  inUse: u32le(),
  attribute: u32le(),
  lengthBytes: u32le(),
  clusterCount: u32le(),
  vcn: u64le(),
  /** Older changes of the page are on the disk. */
  oldestLsn: u64le(),
});

/** The same from 32-bit Windows, which aligned it otherwise. "DIR_PAGE_ENTRY_32". */
export const dirtyPage32 = struct("dirty page entry", {
  inUse: u32le(),
  attribute: u32le(),
  lengthBytes: u32le(),
  clusterCount: u32le(),
  unused: u32le(),
  vcn: u64le(),
  oldestLsn: u64le(),
});

/** "TRANSACTION_ENTRY". */
export const transactionEntry = struct("transaction entry", {
  inUse: u32le(),
  /** 1: active; 2: prepared; 3: committed. */
  state: u8(),
  unused: blob(3),
  firstLsn: u64le(),
  previousLsn: u64le(),
  undoNextLsn: u64le(),
  undoRecords: u32le(),
  undoBytes: u32le(),
});

/** What SetNewAttributeSizes sets; the last only of sparse and compressed attributes. "NEW_ATTRIBUTE_SIZES". */
export const attributeSizes = struct("attribute sizes", {
  allocatedBytes: u64le(),
  initializedBytes: u64le(),
  dataBytes: u64le(),
});

/** What SetBitsInNonresidentBitMap and its counterpart change. "BITMAP_RANGE". */
export const bitRange = struct("range of bits", {
  firstBit: u32le(),
  bitCount: u32le(),
});

/** What DeleteDirtyClusters names. "LCN_RANGE". */
export const clusterRange = struct("range of clusters", {
  lcn: u64le(),
  clusterCount: u64le(),
});
