import { bcache, luks } from "../formats/device/devices.ts";
import { bitlocker, ldm, refs } from "../formats/microsoft/windows.ts";
import { apfs, hfs } from "../formats/other/apple.ts";
import { iso9660 } from "../formats/other/optical.ts";
import { squashfs } from "../formats/unix/filesystems.ts";
import { extDetector } from "./ext.ts";
import type { Detector } from "./finding.ts";
import { exfatDetector, fatDetector, ntfsDetector } from "./microsoft.ts";
import { gptDetector, mbrDetector } from "./tables.ts";
import { btrfsDetector, f2fsDetector, lvmDetector, mdDetector, startsBefore, swapDetector, xfsDetector } from "./unix.ts";

/** Bytes by which a sector is known at a glance, and who looks closer. Findings of one family at one place are one. */
export interface Signature {
  readonly family: string;
  /** In the sector. */
  readonly atByte: number;
  readonly magic: string;
  readonly detect: Detector;
}

export const SIGNATURES: readonly Signature[] = [
  { family: "ext", atByte: 56, magic: "\x53\xef", detect: extDetector },
  { family: "ntfs", atByte: 3, magic: "NTFS    ", detect: ntfsDetector },
  { family: "lvm", atByte: 0, magic: "LABELONE", detect: lvmDetector },
  { family: "gpt", atByte: 0, magic: "EFI PART", detect: gptDetector },
  { family: "mbr", atByte: 510, magic: "\x55\xaa", detect: mbrDetector },
  { family: "fat", atByte: 510, magic: "\x55\xaa", detect: fatDetector },
  { family: "exfat", atByte: 3, magic: "EXFAT   ", detect: exfatDetector },
  { family: "xfs", atByte: 0, magic: "XFSB", detect: xfsDetector },
  { family: "btrfs", atByte: 64, magic: "_BHRfS_M", detect: btrfsDetector },
  { family: "luks", atByte: 0, magic: "LUKS\xba\xbe", detect: startsBefore(luks, 0) },
  { family: "md", atByte: 0, magic: "\xfc\x4e\x2b\xa9", detect: mdDetector },
  { family: "bcache", atByte: 24, magic: "\xc6\x85\x73\xf6", detect: startsBefore(bcache, 4096) },
  { family: "swap", atByte: 502, magic: "SWAPSPACE2", detect: swapDetector },
  { family: "bitlocker", atByte: 3, magic: "-FVE-FS-", detect: startsBefore(bitlocker, 0) },
  { family: "refs", atByte: 3, magic: "ReFS", detect: startsBefore(refs, 0) },
  { family: "ldm", atByte: 0, magic: "PRIVHEAD", detect: startsBefore(ldm, 6 * 512) },
  { family: "f2fs", atByte: 0, magic: "\x10\x20\xf5\xf2", detect: f2fsDetector },
  { family: "hfs", atByte: 0, magic: "H+\0\x04", detect: startsBefore(hfs, 1024) },
  { family: "hfs", atByte: 0, magic: "HX\0\x05", detect: startsBefore(hfs, 1024) },
  { family: "apfs", atByte: 32, magic: "NXSB", detect: startsBefore(apfs, 0) },
  { family: "squashfs", atByte: 0, magic: "hsqs", detect: startsBefore(squashfs, 0) },
  { family: "iso9660", atByte: 0, magic: "\x01CD001", detect: startsBefore(iso9660, 32768) },
];
