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
  /** Attribute flags as they were when the name was last changed. */
  readonly flags: number;
}

/** At `offset`; undefined when it does not fit `lengthBytes`. */
export function parseFileName(view: DataView, offset: number, lengthBytes: number): FileName | undefined {
  if (lengthBytes < NAME) return undefined;
  const nameBytes = 2 * view.getUint8(offset + NAME_LENGTH);
  if (NAME + nameBytes > lengthBytes) return undefined;
  return {
    parent: recordOf(view, offset),
    name: nameFromUtf16le(new Uint8Array(view.buffer, view.byteOffset + offset + NAME, nameBytes)),
    namespace: view.getUint8(offset + NAMESPACE),
    flags: view.getUint32(offset + FLAGS, true),
  };
}

/** Of a $FILE_NAME attribute; undefined where it is cut short. */
export function namespaceOf({ isResident, valueBytes, view, valueOffset }: Attribute): number | undefined {
  return isResident && valueBytes >= NAME ? view.getUint8(valueOffset + NAMESPACE) : undefined;
}

export function fileNameOf({ isResident, valueBytes, view, valueOffset }: Attribute): FileName | undefined {
  return isResident ? parseFileName(view, valueOffset, valueBytes) : undefined;
}
