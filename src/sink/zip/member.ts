import { nameToBytes } from "../../bytes/names.ts";
import { NomountError } from "../../error.ts";
import type { Entry } from "../sink.ts";
import { dosTime, nodeFields, zip64Field } from "./extra-fields.ts";
import { centralHeader, descriptor, FLAG, IN_ZIP64, localHeader, MAGIC, UNIX, VERSION, zip64Descriptor } from "./layout.ts";

/** What is known of a member's data, before it or after it. */
export interface Sizes {
  readonly crc32: number;
  readonly compressedBytes: number;
  readonly sizeBytes: number;
}

const MAX_NAME_BYTES = 0xffff;
/** stat(2), the S_IFMT part. */
const TYPE = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;
const DEFAULT_MODE = { file: 0o644, directory: 0o755, symlink: 0o777 } as const;
const DOS_DIRECTORY = 0x10;
const DOS_READ_ONLY = 0x01;
const OWNER_WRITES = 0o200;

/** Throws where a path is too long for a zip. */
export function checkLength(path: string): void {
  const { length } = nameToBytes(path);
  // With the "/" of a folder.
  if (length >= MAX_NAME_BYTES)
    throw new NomountError("sink", `its path has ${length} bytes, and a zip takes ${MAX_NAME_BYTES - 1}`);
}

export type MemberKind = keyof typeof TYPE;

/** One file of a zip as its headers tell it. */
export class Member {
  readonly #name: Uint8Array;
  readonly #entry: Entry;
  readonly #kind: MemberKind;
  readonly #fields: ReturnType<typeof nodeFields>;
  readonly #method: number;
  readonly #flags: number;
  /** Whether the sizes in front of the data and behind it have 64 bits. */
  readonly #isLarge: boolean;

  /** `maxBytes`: how many bytes its data may have, compressed or not; `sizesFollow`: they are told behind it. */
  constructor(entry: Entry, kind: MemberKind, how: { method: number; maxBytes: number; sizesFollow: boolean }) {
    this.#name = nameToBytes(kind === "directory" ? `${entry.path}/` : entry.path);
    this.#entry = entry;
    this.#kind = kind;
    this.#fields = nodeFields(entry.node);
    this.#method = how.method;
    this.#flags = (how.sizesFollow ? FLAG.sizesFollow : 0) | (entry.path.isWellFormed() ? FLAG.utf8 : 0);
    this.#isLarge = how.maxBytes >= IN_ZIP64.u32;
  }

  /** In front of the data; without sizes where they follow it. */
  localHeader(sizes: Sizes | undefined): Uint8Array {
    const { crc32, compressedBytes, sizeBytes } = sizes ?? { crc32: 0, compressedBytes: 0, sizeBytes: 0 };
    const zip64 = this.#isLarge ? zip64Field([sizeBytes, compressedBytes]) : new Uint8Array();
    const head = localHeader.encode({
      magic: MAGIC.local,
      ...this.#common(this.#isLarge),
      crc32,
      compressedBytes: this.#isLarge ? IN_ZIP64.u32 : compressedBytes,
      sizeBytes: this.#isLarge ? IN_ZIP64.u32 : sizeBytes,
      nameBytes: this.#name.length,
      extraBytes: zip64.length + this.#fields.local.length,
    });
    return Buffer.concat([head, this.#name, zip64, this.#fields.local]);
  }

  /** Behind the data, where the sizes follow. */
  descriptor({ crc32, compressedBytes, sizeBytes }: Sizes): Uint8Array {
    const magic = MAGIC.descriptor;
    return this.#isLarge
      ? zip64Descriptor.encode({
          magic,
          crc32,
          compressedBytes: BigInt(compressedBytes),
          sizeBytes: BigInt(sizeBytes),
        })
      : descriptor.encode({ magic, crc32, compressedBytes, sizeBytes });
  }

  /** In the directory at the end. */
  centralHeader({ crc32, compressedBytes, sizeBytes }: Sizes, localOffsetBytes: number): Uint8Array {
    const beyond: number[] = [];
    const inField = (number: number): number => {
      if (number < IN_ZIP64.u32) return number;
      beyond.push(number);
      return IN_ZIP64.u32;
    };
    const numbers = {
      sizeBytes: inField(sizeBytes),
      compressedBytes: inField(compressedBytes),
      localOffsetBytes: inField(localOffsetBytes),
    };
    const zip64 = beyond.length > 0 ? zip64Field(beyond) : new Uint8Array();
    const mode = this.#entry.node.mode ?? DEFAULT_MODE[this.#kind];
    const head = centralHeader.encode({
      magic: MAGIC.central,
      versionMade: VERSION.zip64,
      hostSystem: UNIX,
      ...this.#common(this.#isLarge || beyond.length > 0),
      crc32,
      ...numbers,
      nameBytes: this.#name.length,
      extraBytes: zip64.length + this.#fields.central.length,
      dosAttributes: (this.#kind === "directory" ? DOS_DIRECTORY : 0) | ((mode & OWNER_WRITES) === 0 ? DOS_READ_ONLY : 0),
      unixMode: TYPE[this.#kind] | mode,
    });
    return Buffer.concat([head, this.#name, zip64, this.#fields.central]);
  }

  #common(isZip64: boolean) {
    return {
      versionNeeded: isZip64 ? VERSION.zip64 : VERSION.plain,
      flags: this.#flags,
      method: this.#method,
      ...dosTime(this.#entry.node.modifiedNs),
    };
  }
}
