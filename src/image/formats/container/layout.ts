import { blob, struct, u8, u32be, u32le, u64be, u64le } from "../../../bytes/layout.ts";

/** qcow2 and qcow header: QEMU, docs/interop/qcow2.txt, "Header". */
export const qcowHeader = struct("qcow2 header", {
  magic: blob(4),
  version: u32be(),
  backingOffset: u64be(),
  backingLength: u32be(),
  clusterBits: u32be(),
  sizeBytes: u64be(),
});

/** VMDK sparse extent header: VMware, "Virtual Disk Format 5.0", "Hosted Sparse Extent Header". */
export const vmdkHeader = struct("VMDK header", {
  magic: blob(4),
  version: u32le(),
  flags: u32le(),
  capacitySectors: u64le(),
});

/** VHD footer, the last 512 bytes; dynamic disks have a copy at byte 0: Microsoft, "VHD Image Format Specification" 1.0. */
export const vhdFooter = struct("VHD footer", {
  cookie: blob(8),
  features: u32be(),
  formatVersion: u32be(),
  dataOffset: u64be(),
  timestamp: u32be(),
  creator: blob(12),
  originalBytes: u64be(),
  currentBytes: u64be(),
  geometry: u32be(),
  /** 2: fixed, 3: dynamic, 4: differencing */
  diskType: u32be(),
  checksum: u32be(),
  uuid: blob(16),
  savedState: u8(),
});

/** VDI header: VirtualBox, src/VBox/Storage/VDICore.h. */
export const vdiHeader = struct("VDI header", {
  text: blob(64),
  signature: u32le(),
});
