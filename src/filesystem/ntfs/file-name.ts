import { nameFromUtf16le } from "../../bytes/names.ts";
import type { Attribute } from "./attribute.ts";
import { recordOf } from "./ids.ts";
import { fileName } from "./layout.ts";

const FLAGS = fileName.offsetOf("flags");
const NAME_LENGTH = fileName.offsetOf("nameLength");
const NAMESPACE = fileName.offsetOf("namespace");
const NAME = fileName.sizeBytes;

/** Namespace of a name that exists beside the Win32 one, for programs that want 8 + 3 letters. */
export const DOS = 2;

/** One name of a file. */
export interface FileName {
  readonly parent: number;
  readonly name: string;
  readonly namespace: number;
}

/** The name at `offset`, its length in UTF-16 units first; undefined when it does not fit the structure's `lengthBytes`. */
export function nameAt(bytes: Uint8Array, offset: number, lengthBytes: number): string | undefined {
  if (lengthBytes < NAME) return undefined;
  const nameBytes = 2 * (bytes[offset + NAME_LENGTH] ?? 0);
  const start = offset + NAME;
  return NAME + nameBytes > lengthBytes ? undefined : nameFromUtf16le(bytes, start, start + nameBytes);
}

/** Of a name that fits. */
export function namespaceAt(view: DataView, offset: number): number {
  return view.getUint8(offset + NAMESPACE);
}

/** Attribute flags as they were when the name was last changed, of a name that fits. */
export function flagsAt(view: DataView, offset: number): number {
  return view.getUint32(offset + FLAGS, true);
}

/** Of a $FILE_NAME attribute; undefined where it is cut short. */
export function namespaceOf({ isResident, valueBytes, view, valueOffset }: Attribute): number | undefined {
  return isResident && valueBytes >= NAME ? namespaceAt(view, valueOffset) : undefined;
}

export function fileNameOf({ isResident, valueBytes, value, view, valueOffset }: Attribute): FileName | undefined {
  if (!isResident) return undefined;
  const name = nameAt(value, 0, valueBytes);
  return name === undefined
    ? undefined
    : { parent: recordOf(view, valueOffset), name, namespace: namespaceAt(view, valueOffset) };
}
