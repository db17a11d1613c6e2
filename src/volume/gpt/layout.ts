import { blob, struct, u32le, u64le } from "../../bytes/layout.ts";

/** UEFI 2.10, section 5.3.2, table 5.5. In the second sector of the disk; a copy in the last. */
export const gptHeader = struct("GPT header", {
  /** "EFI PART" */
  signature: blob(8),
  revision: u32le(),
  /** How much of it the CRC covers: 92 up to a sector. */
  headerBytes: u32le(),
  /** CRC-32 of the header with this field taken for zero. */
  headerCrc32: u32le(),
  reserved: u32le(),
  /** Where this header lies. */
  myLba: u64le(),
  /** Where the other one lies. */
  alternateLba: u64le(),
  firstUsableLba: u64le(),
  /** Inclusive. */
  lastUsableLba: u64le(),
  diskGuid: blob(16),
  entriesLba: u64le(),
  entryCount: u32le(),
  /** 128 times a power of two. */
  entryBytes: u32le(),
  entriesCrc32: u32le(),
});

/** UEFI 2.10, section 5.3.3, table 5.6. */
export const gptEntry = struct("GPT partition entry", {
  /** All zero: not used. */
  typeGuid: blob(16),
  partitionGuid: blob(16),
  firstLba: u64le(),
  /** Inclusive. */
  lastLba: u64le(),
  attributes: u64le(),
  /** UTF-16, ended by a zero unit where it is shorter. */
  name: blob(72),
});
