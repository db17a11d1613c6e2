import { blob, s8, struct, u8, u16le, u32le, u64le } from "../../bytes/layout.ts";

/*
 * The structures of NTFS on disk, little-endian throughout. Microsoft has published none of them; the descriptions followed
 * are libyal's "New Technologies File System (NTFS)" (libfsntfs) and the Linux-NTFS project's documentation (flatcap), named
 * with their sections at each structure.
 */

/** First sector of the volume; a copy lies in the sector behind the last that the volume counts. libfsntfs 4.1, flatcap $Boot. */
export const bootSector = struct("boot sector", {
  jump: blob(3),
  oemId: blob(8),
  bytesPerSector: u16le(),
  /** Up to 0x80 the count itself; above, 2 to the power of its negation as a signed byte (clusters over 64 KiB). */
  sectorsPerCluster: u8(),
  reservedSectors: u16le(),
  unusedFat: blob(5),
  mediaDescriptor: u8(),
  unusedFat2: u16le(),
  sectorsPerTrack: u16le(),
  heads: u16le(),
  hiddenSectors: u32le(),
  unusedFat3: u32le(),
  signature: u32le(),
  /** Without the backup boot sector. */
  totalSectors: u64le(),
  mftLcn: u64le(),
  mftMirrorLcn: u64le(),
  /** Positive: in clusters; negative: 2 to the power of its negation, in bytes. */
  clustersPerRecord: s8(),
  unused1: blob(3),
  clustersPerIndexBlock: s8(),
  unused2: blob(3),
  serial: u64le(),
  checksum: u32le(),
  bootCode: blob(426),
  endMark: u16le(),
});

/**
 * What record, index block and log page begin with. The last two bytes of each stride have been swapped for the sequence
 * number, so that a torn write shows; the true bytes lie behind the number. libfsntfs 6.1 (fix-up values), flatcap "Fixup".
 */
export const multiSectorHeader = struct("multi-sector header", {
  signature: u32le(),
  updateSequenceOffset: u16le(),
  /** The number itself and one value for each stride. */
  updateSequenceCount: u16le(),
});

/** One record of $MFT. libfsntfs 6.1, flatcap "FILE Record". The last field came with Windows XP. */
export const fileRecord = struct("FILE record", {
  signature: u32le(),
  updateSequenceOffset: u16le(),
  updateSequenceCount: u16le(),
  logSequence: u64le(),
  sequence: u16le(),
  /** Names of every kind, DOS aliases included. */
  linkCount: u16le(),
  attributesOffset: u16le(),
  /** 1: in use; 2: has an index of names. */
  flags: u16le(),
  usedBytes: u32le(),
  allocatedBytes: u32le(),
  /** 0, or the record that this one extends. */
  baseReference: u64le(),
  nextAttributeId: u16le(),
});

/** What every attribute begins with. libfsntfs 6.2, flatcap "Attribute Header". */
export const attributeHeader = struct("attribute", {
  type: u32le(),
  lengthBytes: u32le(),
  nonResident: u8(),
  /** In UTF-16 units. */
  nameLength: u8(),
  nameOffset: u16le(),
  /** 0x00ff compression (1: LZNT1), 0x4000 encrypted, 0x8000 sparse. */
  flags: u16le(),
  /** Unique within one record only, and not to be relied on. */
  id: u16le(),
});

/** Goes on an attribute header whose value lies in the record. libfsntfs 6.2.1. */
export const residentAttribute = struct("resident attribute", {
  valueBytes: u32le(),
  valueOffset: u16le(),
  indexed: u8(),
  unused: u8(),
});

/** Goes on an attribute header whose value lies in clusters. libfsntfs 6.2.2. The sizes are those of the first extent only. */
export const nonResidentAttribute = struct("non-resident attribute", {
  startVcn: u64le(),
  /** Inclusive; all ones where no clusters are allocated. */
  lastVcn: u64le(),
  runsOffset: u16le(),
  /** 2 to this power clusters are compressed as one; 0 where nothing is. */
  compressionUnitPower: u16le(),
  unused: u32le(),
  allocatedBytes: u64le(),
  dataBytes: u64le(),
  /** The valid data length: what lies beyond was never written, and reads as zeros. */
  initializedBytes: u64le(),
});

/** Where an attribute that did not fit the base record lies. libfsntfs 6.4, flatcap $ATTRIBUTE_LIST. */
export const attributeListEntry = struct("attribute list entry", {
  type: u32le(),
  lengthBytes: u16le(),
  nameLength: u8(),
  nameOffset: u8(),
  startVcn: u64le(),
  reference: u64le(),
  id: u16le(),
});

/** libfsntfs 6.5, flatcap $STANDARD_INFORMATION; the fields behind came with NTFS 3.0 and are not needed here. */
export const standardInformation = struct("$STANDARD_INFORMATION", {
  created: u64le(),
  modified: u64le(),
  changed: u64le(),
  accessed: u64le(),
  flags: u32le(),
});

/** A name, in a record and again as the key of the directory's index. libfsntfs 6.6, flatcap $FILE_NAME. */
export const fileName = struct("$FILE_NAME", {
  parentReference: u64le(),
  created: u64le(),
  modified: u64le(),
  changed: u64le(),
  accessed: u64le(),
  allocatedBytes: u64le(),
  dataBytes: u64le(),
  flags: u32le(),
  /** The reparse tag, or the size of the extended attributes. */
  reparseTag: u32le(),
  nameLength: u8(),
  /** 0 POSIX, 1 Win32, 2 DOS, 3 Win32 that is valid as DOS name too. */
  namespace: u8(),
});

/** libfsntfs 6.11, flatcap $VOLUME_INFORMATION. */
export const volumeInformation = struct("$VOLUME_INFORMATION", {
  unused: u64le(),
  majorVersion: u8(),
  minorVersion: u8(),
  /** 1: dirty. */
  flags: u16le(),
});

/** What the value of $INDEX_ROOT begins with; a node header follows. libfsntfs 7.1, flatcap $INDEX_ROOT. */
export const indexRoot = struct("$INDEX_ROOT", {
  attributeType: u32le(),
  collation: u32le(),
  indexBlockBytes: u32le(),
  clustersPerIndexBlock: u8(),
  unused: blob(3),
});

/** Offsets are from this header. libfsntfs 7.3, flatcap "Index Header". */
export const indexNode = struct("index node", {
  entriesOffset: u32le(),
  usedBytes: u32le(),
  allocatedBytes: u32le(),
  /** 1: has sub-nodes. */
  flags: u32le(),
});

/** One block of $INDEX_ALLOCATION; a node header follows. libfsntfs 7.2, flatcap $INDEX_ALLOCATION. */
export const indexBlock = struct("INDX block", {
  signature: u32le(),
  updateSequenceOffset: u16le(),
  updateSequenceCount: u16le(),
  logSequence: u64le(),
  vcn: u64le(),
});

/** The key follows; the VCN of a sub-node lies in the last eight bytes of the entry. libfsntfs 7.4, flatcap "Index Entry". */
export const indexEntry = struct("index entry", {
  reference: u64le(),
  lengthBytes: u16le(),
  keyBytes: u16le(),
  /** 1: has a sub-node; 2: the last of its node, without a key. */
  flags: u16le(),
  unused: u16le(),
});

/** What every reparse point begins with. [MS-FSCC] 2.1.2.2. */
export const reparseHeader = struct("reparse point", {
  tag: u32le(),
  dataBytes: u16le(),
  unused: u16le(),
});

/** Of a junction; the names lie behind. [MS-FSCC] 2.1.2.5. A symbolic link has four more bytes of flags: 2.1.2.4. */
export const linkReparse = struct("link reparse data", {
  substituteOffset: u16le(),
  substituteBytes: u16le(),
  printOffset: u16le(),
  printBytes: u16le(),
});

/** One extended attribute: name, a zero byte, value. [MS-FSCC] 2.4.16 FileFullEaInformation. */
export const extendedAttribute = struct("extended attribute", {
  nextOffset: u32le(),
  flags: u8(),
  nameBytes: u8(),
  valueBytes: u16le(),
});
