import { struct, u8, u16le, u32le, u64le } from "../../bytes/layout.ts";

/** The structures of PKWARE's APPNOTE.TXT 6.3.10; the section stands at each. */
export const MAGIC = {
  local: 0x04034b50,
  descriptor: 0x08074b50,
  central: 0x02014b50,
  zip64End: 0x06064b50,
  zip64Locator: 0x07064b50,
  end: 0x06054b50,
} as const;

/** 4.3.7: in front of each file's data. Name and extra fields follow. */
export const localHeader = struct("zip local header", {
  magic: u32le(),
  versionNeeded: u16le(),
  flags: u16le(),
  method: u16le(),
  dosTime: u16le(),
  dosDate: u16le(),
  crc32: u32le(),
  compressedBytes: u32le(),
  sizeBytes: u32le(),
  nameBytes: u16le(),
  extraBytes: u16le(),
});

/** 4.3.9: behind the data of a file whose sum and size were not known ahead of it. */
export const descriptor = struct("zip data descriptor", {
  magic: u32le(),
  crc32: u32le(),
  compressedBytes: u32le(),
  sizeBytes: u32le(),
});

/** 4.3.9.2: the same where the local header has the zip64 field. */
export const zip64Descriptor = struct("zip64 data descriptor", {
  magic: u32le(),
  crc32: u32le(),
  compressedBytes: u64le(),
  sizeBytes: u64le(),
});

/** 4.3.12: one for each file, at the end. Name and extra fields follow. */
export const centralHeader = struct("zip central header", {
  magic: u32le(),
  versionMade: u8(),
  hostSystem: u8(),
  versionNeeded: u16le(),
  flags: u16le(),
  method: u16le(),
  dosTime: u16le(),
  dosDate: u16le(),
  crc32: u32le(),
  compressedBytes: u32le(),
  sizeBytes: u32le(),
  nameBytes: u16le(),
  extraBytes: u16le(),
  commentBytes: u16le(),
  disk: u16le(),
  internalAttributes: u16le(),
  /** The low byte for DOS; made by Unix, the high half is st_mode. */
  dosAttributes: u16le(),
  unixMode: u16le(),
  localOffsetBytes: u32le(),
});

/** 4.3.14; its size counts what follows the size itself. */
export const zip64End = struct("zip64 end of central directory", {
  magic: u32le(),
  recordBytes: u64le(),
  versionMade: u8(),
  hostSystem: u8(),
  versionNeeded: u16le(),
  disk: u32le(),
  centralDisk: u32le(),
  entriesHere: u64le(),
  entries: u64le(),
  centralBytes: u64le(),
  centralOffsetBytes: u64le(),
});

/** 4.3.15 */
export const zip64Locator = struct("zip64 end locator", {
  magic: u32le(),
  disk: u32le(),
  endOffsetBytes: u64le(),
  disks: u32le(),
});

/** 4.3.16 */
export const end = struct("zip end of central directory", {
  magic: u32le(),
  disk: u16le(),
  centralDisk: u16le(),
  entriesHere: u16le(),
  entries: u16le(),
  centralBytes: u32le(),
  centralOffsetBytes: u32le(),
  commentBytes: u16le(),
});

/** 4.4.3.2: what a reader must know: folders and deflate; zip64. */
export const VERSION = { plain: 20, zip64: 45 } as const;
/** 4.4.2.2: made by Unix, so that the mode counts. */
export const UNIX = 3;
/** 4.4.4: bit 3, sizes follow the data; bit 11, the name is UTF-8. */
export const FLAG = { sizesFollow: 1 << 3, utf8: 1 << 11 } as const;
/** 4.4.5 */
export const METHOD = { stored: 0, deflated: 8 } as const;
/** 4.4.8: what does not fit stands in the zip64 field, and this in its place. */
export const IN_ZIP64 = { u16: 0xffff, u32: 0xffffffff } as const;
