import { blob, struct, u32le, u64le } from "../../bytes/layout.ts";

// The LVM2 disk format is documented by its own tools' sources (lib/label/label.h, lib/format_text/layout.h, lvm2 2.03) and, in
// prose, by libyal's "Logical Volume Manager (LVM) format".

/** A label lies in one of the first four sectors of 512 bytes, whatever the device's own sector size. */
export const LABEL_SECTOR_BYTES = 512;
export const LABEL_SECTORS = 4;
export const LABEL_ID = "LABELONE";
export const LABEL_TYPE = "LVM2 001";

/** "Initial CRC" of every LVM2 checksum: CRC-32 without the customary inversions (lib/misc/crc.h). */
export const CRC_INITIAL = 0xf597a6cf;

/** struct label_header: says where in its sector the physical volume header begins. */
export const labelHeader = struct("LVM2 label", {
  id: blob(8),
  /** The number of the sector it lies in, counted from the start of the device. */
  sector: u64le(),
  /** Over the sector from `contentsOffset` (that field included) to its end. */
  checksum: u32le(),
  contentsOffset: u32le(),
  type: blob(8),
});

/** struct pv_header; two lists of `diskArea`s follow, each ended by an empty one: data areas, then metadata areas. */
export const physicalVolumeHeader = struct("LVM2 physical volume header", {
  uuid: blob(32),
  deviceBytes: u64le(),
});

/** struct disk_locn: a part of the device in bytes; size 0 in a data area means "to the end". */
export const diskArea = struct("LVM2 disk area", { offset: u64le(), size: u64le() });

/** struct pv_header_extension, right behind the two lists (since lvm2 2.02.99); a list of boot loader areas follows. */
export const physicalVolumeExtension = struct("LVM2 physical volume header extension", {
  version: u32le(),
  flags: u32le(),
});
/** PV_EXT_USED: some volume group uses this physical volume, even where it carries no metadata itself. */
export const EXTENSION_USED = 1;

/** struct mda_header: the first 512 bytes of a metadata area; the rest of the area is a ring of texts. */
export const metadataAreaHeader = struct("LVM2 metadata area header", {
  /** Over the other 508 bytes. */
  checksum: u32le(),
  magic: blob(16),
  version: u32le(),
  /** Of the area itself, in bytes from the start of the device. */
  start: u64le(),
  size: u64le(),
});
export const METADATA_HEADER_BYTES = 512;
export const METADATA_MAGIC = " LVM2 x[5A%r0N*>";
export const METADATA_VERSION = 1;

/** struct raw_locn: where in the ring the current text lies. The first one counts; a second one is an update that was not finished. */
export const rawLocation = struct("LVM2 raw location", {
  /** In bytes from the start of the area; a text that does not fit before its end goes on behind the header. */
  offset: u64le(),
  size: u64le(),
  checksum: u32le(),
  flags: u32le(),
});
/** RAW_LOCN_IGNORED: the area exists, and the group keeps no metadata in it. */
export const LOCATION_IGNORED = 1;
