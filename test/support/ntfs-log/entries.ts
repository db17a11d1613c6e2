/** Entries of an index, by hand: the header is 16 bytes, the key follows (libfsntfs 7.4). */

/** Where the entries of a node lie whose header is at `header`. */
export function entryOffsets(bytes: Buffer, header: number): readonly number[] {
  const offsets: number[] = [];
  for (let at = header + bytes.readUInt32LE(header); ; at += bytes.readUInt16LE(at + 8)) {
    offsets.push(at);
    if ((bytes.readUInt16LE(at + 12) & 2) !== 0) return offsets;
  }
}

export function entryAt(bytes: Buffer, at: number): Buffer {
  return Buffer.from(bytes.subarray(at, at + bytes.readUInt16LE(at + 8)));
}

/** A copy of an entry under a name of the same length, that sorts right behind it. */
export function renamed(entry: Buffer): Buffer {
  const copy = Buffer.from(entry);
  const last = 16 + 66 + 2 * ((entry[16 + 64] ?? 1) - 1);
  copy.writeUInt16LE(copy.readUInt16LE(last) + 1, last);
  return copy;
}

/** What an index repeats of a file, all bytes different from before. */
export function otherInformation(entry: Buffer): Buffer {
  return Buffer.from(entry.subarray(24, 80)).map((byte) => byte ^ 0x11) as Buffer;
}

export function information(entry: Buffer): Buffer {
  return Buffer.from(entry.subarray(24, 80));
}
