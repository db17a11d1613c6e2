import { nameToBytes } from "../../bytes/names.ts";

/**
 * Packets of the SSH File Transfer Protocol, version 3 (draft-ietf-secsh-filexfer-02), which every server speaks; its
 * extensions by OpenSSH are in its PROTOCOL file, section 4.
 */
export const REQUEST = {
  init: 1,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  remove: 13,
  mkdir: 14,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  extended: 200,
} as const;

export const REPLY = { version: 2, status: 101, handle: 102, data: 103, name: 104, attrs: 105, extended: 201 } as const;

export const STATUS = { ok: 0, eof: 1, noSuchFile: 2, permissionDenied: 3, failure: 4, unsupported: 8 } as const;

export const OPEN = { read: 0x01, write: 0x02, create: 0x08, truncate: 0x10, exclusive: 0x20 } as const;

const ATTRIBUTE = { size: 0x1, owner: 0x2, permissions: 0x4, times: 0x8, extended: 0x80000000 } as const;

/** File types in the permissions, as in stat(2). */
export const TYPE_MASK = 0o170000;
export const TYPE = { directory: 0o040000, file: 0o100000, symlink: 0o120000 } as const;

/** What is given of these is set; what is undefined stays as it is. */
export interface FileAttributes {
  readonly sizeBytes?: number | undefined;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  readonly permissions?: number | undefined;
  /** Seconds since 1970, of which 32 bits are sent. */
  readonly times?: { readonly accessed: number; readonly modified: number } | undefined;
}

/** The fields of a request, one after the other. Paths and names are written as their exact bytes. */
export class Fields {
  readonly parts: Uint8Array[] = [];

  u32(...values: readonly number[]): this {
    const bytes = Buffer.allocUnsafe(4 * values.length);
    for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
    this.parts.push(bytes);
    return this;
  }

  u64(value: number): this {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64BE(BigInt(value));
    this.parts.push(bytes);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.u32(bytes.length);
    this.parts.push(bytes);
    return this;
  }

  /** In the form of `bytes/names.ts`. */
  text(text: string): this {
    return this.bytes(nameToBytes(text));
  }

  attributes({ sizeBytes, owner, permissions, times }: FileAttributes): this {
    this.u32(
      (sizeBytes === undefined ? 0 : ATTRIBUTE.size) |
        (owner === undefined ? 0 : ATTRIBUTE.owner) |
        (permissions === undefined ? 0 : ATTRIBUTE.permissions) |
        (times === undefined ? 0 : ATTRIBUTE.times),
    );
    if (sizeBytes !== undefined) this.u64(sizeBytes);
    if (owner !== undefined) this.u32(owner.uid, owner.gid);
    if (permissions !== undefined) this.u32(permissions);
    if (times !== undefined) this.u32(times.accessed, times.modified);
    return this;
  }
}

/** Reads the fields of a reply. What is not there throws a `RangeError`. */
export class Reply {
  readonly type: number;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(type: number, bytes: Buffer) {
    this.type = type;
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u32(): number {
    const value = this.#bytes.readUInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  /** Sizes beyond 2^53 are as good as that: nothing here is so large. */
  u64(): number {
    const value = this.#bytes.readBigUInt64BE(this.#at);
    this.#at += 8;
    return Number(value);
  }

  bytes(): Buffer {
    const length = this.u32();
    if (length > this.#bytes.length - this.#at) throw new RangeError("a field is longer than its packet");
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  attributes(): FileAttributes {
    const flags = this.u32();
    const has = (flag: number): boolean => (flags & flag) !== 0;
    const sizeBytes = has(ATTRIBUTE.size) ? this.u64() : undefined;
    const owner = has(ATTRIBUTE.owner) ? { uid: this.u32(), gid: this.u32() } : undefined;
    const permissions = has(ATTRIBUTE.permissions) ? this.u32() : undefined;
    const times = has(ATTRIBUTE.times) ? { accessed: this.u32(), modified: this.u32() } : undefined;
    return { sizeBytes, owner, permissions, times };
  }
}
