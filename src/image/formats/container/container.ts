import type { BlockSource } from "../../../source/block-source.ts";
import { bytesAt, isText, type Recognised, type Recogniser, recognised, sizeOf, structAt } from "../recognised.ts";
import { qcowHeader, vdiHeader, vhdFooter, vmdkHeader } from "./layout.ts";

/** Ways to store a disk that are not the plain bytes of it. Each is named with the way to plain bytes. */
export const container: Recogniser = (source) =>
  qcow(source) ?? vmdk(source) ?? vhd(source) ?? vdi(source) ?? bySignature(source);

const FOOTER_BYTES = 512;
const FIXED = 2;

/** The plain bytes of a fixed VHD end before its footer. Undefined where a source is none. */
export function fixedVhdBytes(source: BlockSource): number | undefined {
  const footer = structAt(source, vhdFooter, source.sizeBytes - FOOTER_BYTES);
  return footer !== undefined && isText(footer.cookie, "conectix") && footer.diskType === FIXED
    ? source.sizeBytes - FOOTER_BYTES
    : undefined;
}

function convert(source: BlockSource): string {
  return `make it raw first: qemu-img convert -O raw '${source.label}' disk.img`;
}

function qcow(source: BlockSource): Recognised | undefined {
  const header = structAt(source, qcowHeader, 0);
  if (header === undefined || !isText(header.magic, "QFI\xfb")) return undefined;
  return recognised(`qcow2 image (version ${header.version})`, {
    sizeBytes: sizeOf(header.sizeBytes, 1),
    advice: convert(source),
  });
}

function vmdk(source: BlockSource): Recognised | undefined {
  const header = structAt(source, vmdkHeader, 0);
  if (header !== undefined && (isText(header.magic, "KDMV") || isText(header.magic, "COWD"))) {
    const sizeBytes = isText(header.magic, "KDMV") ? sizeOf(header.capacitySectors, 512) : undefined;
    return recognised("VMDK image (sparse)", { sizeBytes, advice: convert(source) });
  }
  const text = bytesAt(source, 0, DESCRIPTOR.length);
  if (text === undefined || !isText(text, DESCRIPTOR)) return undefined;
  return recognised("VMDK descriptor", {
    advice: `its "-flat.vmdk" file beside it is raw, name that; else ${convert(source)}`,
  });
}

const DESCRIPTOR = "# Disk DescriptorFile";

/** Dynamic and differencing disks: a fixed one has no copy of its footer at the start. */
function vhd(source: BlockSource): Recognised | undefined {
  const footer = structAt(source, vhdFooter, 0);
  if (footer === undefined || !isText(footer.cookie, "conectix")) return undefined;
  return recognised("VHD image (dynamic)", { sizeBytes: sizeOf(footer.currentBytes, 1), advice: convert(source) });
}

function vdi(source: BlockSource): Recognised | undefined {
  return structAt(source, vdiHeader, 0)?.signature === 0xbeda107f
    ? recognised("VDI image", { advice: convert(source) })
    : undefined;
}

/** Named by their first bytes alone. */
const SIGNATURES: readonly (readonly [signature: string, format: string, advice: (source: BlockSource) => string])[] = [
  ["vhdxfile", "VHDX image", convert],
  ["QED\0", "QED image", convert],
  ["WithoutFreeSpace", "Parallels image", convert],
  ["WithouFreSpacExt", "Parallels image", convert],
  ["EVF\t\r\n\xff\0", "EWF (E01) image", (source) => `make it raw first: ewfexport -f raw -t disk '${source.label}'`],
  ["EVF2\r\n\x81", "EWF 2 (Ex01) image", (source) => `make it raw first: ewfexport -f raw -t disk '${source.label}'`],
  ["AFF10\r\n\0", "AFF image", (source) => `make it raw first: affconvert -r '${source.label}'`],
  ["VMA\0", "Proxmox backup (VMA)", (source) => `unpack it first: vma extract '${source.label}' FOLDER`],
  ["\x1f\x8b\x08", "gzip-compressed file", (source) => unpack("gzip", source)],
  ["\xfd7zXZ\0", "xz-compressed file", (source) => unpack("xz", source)],
  ["\x28\xb5\x2f\xfd", "zstd-compressed file", (source) => unpack("zstd", source)],
  ["BZh", "bzip2-compressed file", (source) => unpack("bzip2", source)],
  ["\x04\x22\x4d\x18", "lz4-compressed file", (source) => unpack("lz4", source)],
  ["PK\x03\x04", "zip archive", (source) => `unpack it first: unzip '${source.label}'`],
  ["7z\xbc\xaf\x27\x1c", "7z archive", (source) => `unpack it first: 7zz x '${source.label}'`],
];

function unpack(tool: string, source: BlockSource): string {
  return `unpack it into nomount: ${tool} -dc '${source.label}' | nomount info -`;
}

function bySignature(source: BlockSource): Recognised | undefined {
  for (const [signature, format, advice] of SIGNATURES) {
    const bytes = bytesAt(source, 0, signature.length);
    if (bytes !== undefined && isText(bytes, signature)) return recognised(format, { advice: advice(source) });
  }
  return undefined;
}
