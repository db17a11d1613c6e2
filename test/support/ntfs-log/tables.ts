import {
  dirtyPage,
  dirtyPage32,
  openAttribute,
  openAttribute32,
  restartTable,
  transactionEntry,
} from "../../../src/filesystem/ntfs/log/layout.ts";

/** An attribute that changes refer to by its place in the table. */
export interface OpenAttributeEntry {
  readonly file: number;
  readonly type: number;
  readonly name?: string;
  readonly indexBlockBytes?: number;
}

export interface DirtyPageEntry {
  readonly attribute: number;
  readonly vcn: number;
  readonly lcns: readonly number[];
  readonly oldestLsn: bigint;
}

export interface TransactionEntry {
  /** Its place in the table. */
  readonly id: number;
  readonly firstLsn: bigint;
  readonly undoNextLsn: bigint;
}

const IN_USE = 0xffffffff;
const ACTIVE = 1;

/** One entry of the table of open attributes; a record that opens one holds it too. */
export function attributeEntry({ file, type, indexBlockBytes = 0 }: OpenAttributeEntry, is32Bit: boolean): Uint8Array {
  const values = { inUse: IN_USE, reference: BigInt(file), type, indexBlockBytes };
  return is32Bit ? openAttribute32.encode(values) : openAttribute.encode(values);
}

/** By place: the entries lie there, what is between them is free. */
export function attributeTable(attributes: ReadonlyMap<number, OpenAttributeEntry>, is32Bit: boolean): Buffer {
  const entries = [...attributes].map(([offset, entry]) => [offset, attributeEntry(entry, is32Bit)] as const);
  return table((is32Bit ? openAttribute32 : openAttribute).sizeBytes, entries);
}

/** Each name with its attribute's place, ended by a unit of zero; a place of 0 ends them. */
export function nameTable(attributes: ReadonlyMap<number, OpenAttributeEntry>): Buffer {
  const names: Buffer[] = [];
  for (const [offset, { name = "" }] of attributes) {
    if (name === "") continue;
    const units = Buffer.from(name, "utf16le");
    const entry = Buffer.alloc(4 + units.length + 2);
    entry.writeUInt16LE(offset, 0);
    entry.writeUInt16LE(units.length, 2);
    units.copy(entry, 4);
    names.push(entry);
  }
  return names.length === 0 ? Buffer.alloc(0) : Buffer.concat([...names, Buffer.alloc(4)]);
}

/** `clusters`: for how many each entry has room. */
export function dirtyPageTable(pages: readonly DirtyPageEntry[], clusters: number, is32Bit: boolean): Buffer {
  const layout = is32Bit ? dirtyPage32 : dirtyPage;
  const entryBytes = align(layout.sizeBytes + 8 * clusters);
  const entries = pages.map(({ attribute, vcn, lcns, oldestLsn }, i) => {
    const entry = Buffer.alloc(entryBytes);
    entry.set(
      layout.encode({ inUse: IN_USE, attribute, lengthBytes: 4096, clusterCount: clusters, vcn: BigInt(vcn), oldestLsn }),
    );
    lcns.forEach((lcn, at) => {
      entry.writeBigUInt64LE(BigInt(lcn), layout.sizeBytes + 8 * at);
    });
    return [restartTable.sizeBytes + i * entryBytes, entry] as const;
  });
  return table(entryBytes, entries);
}

export function transactionTable(transactions: readonly TransactionEntry[]): Buffer {
  const entries = transactions.map(({ id, firstLsn, undoNextLsn }) => {
    const values = { inUse: IN_USE, state: ACTIVE, firstLsn, previousLsn: undoNextLsn, undoNextLsn };
    return [id, transactionEntry.encode(values)] as const;
  });
  return table(transactionEntry.sizeBytes, entries);
}

/** Empty where there are no entries. */
function table(entryBytes: number, entries: readonly (readonly [offset: number, entry: Uint8Array])[]): Buffer {
  if (entries.length === 0) return Buffer.alloc(0);
  const places = entries.map(([offset]) => (offset - restartTable.sizeBytes) / entryBytes);
  const entryCount = Math.max(...places) + 1;
  const bytes = Buffer.alloc(align(restartTable.sizeBytes + entryCount * entryBytes));
  // The free entries are a list: each begins with the place of the next, the last with 0.
  const free = Array.from({ length: entryCount }, (_, i) => i)
    .filter((i) => !places.includes(i))
    .map((i) => restartTable.sizeBytes + i * entryBytes);
  free.forEach((offset, i) => {
    bytes.writeUInt32LE(free[i + 1] ?? 0, offset);
  });
  bytes.set(
    restartTable.encode({
      entryBytes,
      entryCount,
      usedCount: entries.length,
      freeGoal: IN_USE,
      firstFree: free[0] ?? 0,
      lastFree: free.at(-1) ?? 0,
    }),
  );
  for (const [offset, entry] of entries) bytes.set(entry, offset);
  return bytes;
}

export function align(length: number): number {
  return Math.ceil(length / 8) * 8;
}
