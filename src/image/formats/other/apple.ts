import { uuidText } from "../../../bytes/guid.ts";
import { nameFromBytes } from "../../../bytes/names.ts";
import { isPowerOfTwo, isText, type Recogniser, recognised, sizeOf, structAt } from "../recognised.ts";
import { apfsSuperblock, hfsMasterBlock, hfsPlusHeader } from "./layout.ts";

export const hfs: Recogniser = (source) => {
  const plus = structAt(source, hfsPlusHeader, 1024);
  if (plus === undefined) return undefined;
  const name = isText(plus.signature, "H+") && plus.version === 4 ? "HFS+" : "HFSX";
  const isPlus = name === "HFS+" || (isText(plus.signature, "HX") && plus.version === 5);
  if (isPlus && isPowerOfTwo(plus.blockBytes, 512, 2 ** 30)) {
    return recognised(name, { sizeBytes: plus.blockBytes * plus.blockCount });
  }
  const master = structAt(source, hfsMasterBlock, 1024);
  if (master === undefined || !isText(master.signature, "BD") || master.blockBytes === 0 || master.blockBytes % 512 !== 0)
    return undefined;
  const wraps = isText(master.embeddedSignature, "H+") || isText(master.embeddedSignature, "HX");
  return recognised(wraps ? "HFS+ in an HFS wrapper" : "HFS", {
    label: nameFromBytes(master.label.subarray(0, Math.min(master.labelLength, master.label.length))),
    sizeBytes: master.blockBytes * master.blockCount,
  });
};

export const apfs: Recogniser = (source) => {
  const superblock = structAt(source, apfsSuperblock, 0);
  if (superblock === undefined || !isText(superblock.magic, "NXSB")) return undefined;
  if (!isPowerOfTwo(superblock.blockBytes, 4096, 65536)) return undefined;
  return recognised("APFS", {
    uuid: uuidText(superblock.uuid),
    sizeBytes: sizeOf(superblock.blockCount, superblock.blockBytes),
  });
};
