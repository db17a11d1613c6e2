import { blob, struct, u8, u16be, u16le, u32be, u32le, u64le } from "../../../bytes/layout.ts";

/** HFS+ and HFSX volume header, at byte 1024: Apple, Technical Note TN1150, "Volume Header". */
export const hfsPlusHeader = struct("HFS+ volume header", {
  signature: blob(2),
  version: u16be(),
  attributes: u32be(),
  skipped08: blob(32),
  blockBytes: u32be(),
  blockCount: u32be(),
});

/** HFS master directory block, at byte 1024; one with an embedded signature wraps an HFS+ volume: TN1150, "HFS Wrapper". */
export const hfsMasterBlock = struct("HFS master directory block", {
  signature: blob(2),
  skipped02: blob(16),
  blockCount: u16be(),
  blockBytes: u32be(),
  skipped18: blob(12),
  labelLength: u8(),
  label: blob(27),
  skipped40: blob(60),
  embeddedSignature: blob(2),
});

/** APFS container superblock, at byte 0: Apple, "Apple File System Reference", nx_superblock_t. */
export const apfsSuperblock = struct("APFS container superblock", {
  objectHeader: blob(32),
  magic: blob(4),
  blockBytes: u32le(),
  blockCount: u64le(),
  features: blob(24),
  uuid: blob(16),
});

/** ISO 9660 primary volume descriptor, at byte 32768: ECMA-119, section 8.4. */
export const isoDescriptor = struct("ISO 9660 volume descriptor", {
  type: u8(),
  identifier: blob(5),
  version: u8(),
  unused07: u8(),
  systemId: blob(32),
  volumeId: blob(32),
  unused48: blob(8),
  blockCount: u32le(),
  blockCountBig: u32be(),
  unused58: blob(32),
  setSize: blob(4),
  sequence: blob(4),
  blockBytes: u16le(),
  skipped82: blob(683),
  createdDigits: blob(16),
  createdZone: u8(),
  modifiedDigits: blob(16),
  modifiedZone: u8(),
});

/** UDF descriptor tag, before each descriptor: ECMA-167, 3/7.2. */
export const udfTag = struct("UDF descriptor tag", {
  identifier: u16le(),
  version: u16le(),
  checksum: u8(),
  reserved: u8(),
  serial: u16le(),
  crc: u16le(),
  crcLength: u16le(),
  location: u32le(),
});

/** UDF anchor volume descriptor pointer, at block 256: ECMA-167, 3/10.2. */
export const udfAnchor = struct("UDF anchor", {
  tag: blob(16),
  mainBytes: u32le(),
  mainBlock: u32le(),
});

/** UDF primary volume descriptor: ECMA-167, 3/10.1. */
export const udfPrimary = struct("UDF primary volume descriptor", {
  tag: blob(16),
  sequence: u32le(),
  number: u32le(),
  volumeId: blob(32),
  skipped38: blob(16),
  /** A d-string: how its characters are coded, then the characters, in the last byte its length. */
  setId: blob(128),
});

/** UDF logical volume descriptor: ECMA-167, 3/10.6. */
export const udfLogicalVolume = struct("UDF logical volume descriptor", {
  tag: blob(16),
  sequence: u32le(),
  characterSet: blob(64),
  /** A d-string. */
  volumeId: blob(128),
});
