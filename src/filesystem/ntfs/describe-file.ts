import { nameToBytes } from "../../bytes/names.ts";
import { NomountError } from "../../error.ts";
import type { Node, NodeKind, Xattr } from "../node.ts";
import { linuxMetadata, MAX_EXTENDED_BYTES, parseExtendedAttributes } from "./extended-attributes.ts";
import type { NtfsFile } from "./file.ts";
import { FLAG } from "./file-flags.ts";
import { DOS, namespaceOf } from "./file-name.ts";
import { ATTRIBUTE, attributeTitle } from "./ids.ts";
import { emptyInterix, type Interix, MAX_INTERIX_BYTES, parseInterix } from "./interix.ts";
import { standardInformation } from "./layout.ts";
import { NtfsNode } from "./ntfs-node.ts";
import { MAX_REPARSE_BYTES, parseReparse, type Reparse } from "./reparse.ts";

/** A file as a node, and what else its attributes say that decides how it is read. */
export interface Description {
  readonly node: Node;
  readonly reparse: Reparse | undefined;
  /** Of a symbolic link of any make. */
  readonly target: string | undefined;
  /** Attribute flags as they lie. */
  readonly attributeFlags: number;
}

/** Of a file that has none: no times, no flags. */
const NO_INFORMATION = new DataView(new ArrayBuffer(standardInformation.sizeBytes));
const FLAGS_OFFSET = standardInformation.offsetOf("flags");
const PERMISSIONS = 0o7777;

export function describeFile(file: NtfsFile): Description {
  const { record } = file;
  const information = file.attribute(ATTRIBUTE.standardInformation);
  const informed = information?.isResident === true && information.valueBytes >= standardInformation.sizeBytes;
  const view: DataView = informed ? information.view : NO_INFORMATION;
  const at = informed ? information.valueOffset : 0;
  const attributeFlags = view.getUint32(at + FLAGS_OFFSET, true);
  const reparse = reparseOf(file);
  const interix = reparse === undefined && (attributeFlags & FLAG.system) !== 0 ? interixOf(file, attributeFlags) : undefined;
  const linux = linuxMetadata(extendedAttributesOf(file));
  const kind: NodeKind = reparse?.kind ?? interix?.kind ?? (record.isDirectory ? "directory" : "file");
  const target = reparse?.target ?? interix?.target;
  const facts = {
    id: record.number,
    kind,
    sizeBytes: kind === "file" ? dataBytes(file) : kind === "symlink" ? nameToBytes(target ?? "").length : 0,
    mode: linux.mode === undefined ? undefined : linux.mode & PERMISSIONS,
    uid: linux.uid,
    gid: linux.gid,
    linkCount: countNames(file),
    device: kind === "char" || kind === "block" ? (interix?.device ?? linux.device) : undefined,
  };
  return { node: new NtfsNode(facts, view, at), reparse, target, attributeFlags };
}

/** Entries of $EA, none where there are none. */
export function extendedAttributesOf(file: NtfsFile): readonly Xattr[] {
  const attribute = file.attribute(ATTRIBUTE.extendedAttributes);
  return attribute === undefined ? [] : parseExtendedAttributes(file.bytes(attribute, MAX_EXTENDED_BYTES));
}

/** Size of the main content or a stream. Throws `corrupt` at 2^53 and above. */
export function dataBytes(file: NtfsFile, stream = ""): number {
  const bytes = file.attribute(ATTRIBUTE.data, stream)?.dataBytes ?? 0;
  if (Number.isNaN(bytes)) {
    const problem = `${file.title}: ${attributeTitle(ATTRIBUTE.data, stream)} has a size of 2^53 bytes or above`;
    throw new NomountError("corrupt", `ntfs: ${problem}`, { where: file.where });
  }
  return bytes;
}

function reparseOf(file: NtfsFile): Reparse | undefined {
  const attribute = file.attribute(ATTRIBUTE.reparsePoint);
  return attribute === undefined ? undefined : parseReparse(file.bytes(attribute, MAX_REPARSE_BYTES), file.record.isDirectory);
}

function interixOf(file: NtfsFile, attributeFlags: number): Interix | undefined {
  if (file.record.isDirectory) return undefined;
  const data = file.attribute(ATTRIBUTE.data);
  const sizeBytes = dataBytes(file);
  if (data === undefined || sizeBytes > MAX_INTERIX_BYTES) return undefined;
  if (sizeBytes <= 1) return (attributeFlags & ~FLAG.archive) === FLAG.system ? emptyInterix(sizeBytes) : undefined;
  return parseInterix(file.bytes(data, MAX_INTERIX_BYTES));
}

/** Windows does not count DOS names, though the record does. */
function countNames(file: NtfsFile): number {
  let names = 0;
  for (const attribute of file.attributes) {
    if (attribute.type === ATTRIBUTE.fileName && namespaceOf(attribute) !== DOS) names += 1;
  }
  for (const { type } of file.lost) if (type === ATTRIBUTE.fileName) names += 1;
  return Math.max(1, names);
}
