import type { Field, Fields, Struct, View } from "../../../bytes/layout.ts";
import { nameFromUtf16le } from "../../../bytes/names.ts";
import { recordOf } from "../ids.ts";
import { dirtyPage, dirtyPage32, openAttribute, openAttribute32, restartTable, transactionEntry } from "./layout.ts";

/** An attribute that records refer to by its place in the table. */
export interface OpenAttribute {
  /** The FILE record of the file that has it. */
  readonly file: number;
  readonly type: number;
  readonly name: string;
  /** Of an index: the size of its blocks, where the entry tells it. */
  readonly indexBlockBytes: number;
}

export interface Transaction {
  isActive: boolean;
  readonly firstLsn: bigint;
  /** The next record to undo, 0 where there is none. */
  undoNextLsn: bigint;
}

/** A page that was not on the disk yet. */
export interface DirtyPage {
  readonly attribute: number;
  readonly vcn: bigint;
  readonly oldestLsn: bigint;
  readonly lcns: readonly bigint[];
}

const IN_USE = 0xffffffff;
const ACTIVE = 1;

interface Entry {
  /** Where in the table it lies: its name. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The entries in use, or what is wrong with the table. */
function entriesOf(table: Uint8Array, least: number): readonly Entry[] | string {
  if (table.length < restartTable.sizeBytes) return `has ${table.length} bytes`;
  const { entryBytes, entryCount } = restartTable.view(table);
  const end = restartTable.sizeBytes + entryBytes * entryCount;
  if (entryBytes < least || end > table.length)
    return `has ${entryCount} entries of ${entryBytes} bytes in ${table.length}: expected at least ${least} bytes each`;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const entries: Entry[] = [];
  for (let offset = restartTable.sizeBytes; offset < end; offset += entryBytes) {
    if (view.getUint32(offset, true) !== IN_USE) continue;
    entries.push({ offset, bytes: table.subarray(offset, offset + entryBytes) });
  }
  return entries;
}

/** `is32Bit`: the checkpoint says that a 32-bit Windows wrote it. `names`: the dump of names that goes with the table. */
export function parseAttributes(table: Uint8Array, names: Uint8Array, is32Bit: boolean): Map<number, OpenAttribute> | string {
  const entries = entriesOf(table, (is32Bit ? openAttribute32 : openAttribute).sizeBytes);
  if (typeof entries === "string") return entries;
  const byOffset = parseNames(names);
  return new Map(
    entries.map(({ offset, bytes }) => [offset, parseAttribute(bytes, byOffset.get(offset) ?? "", is32Bit) ?? CLOSED]),
  );
}

const CLOSED: OpenAttribute = { file: 0, type: 0, name: "", indexBlockBytes: 0 };

/** One entry, as a record that opens an attribute has it too; undefined where it does not fit. */
export function parseAttribute(entry: Uint8Array, name: string, is32Bit: boolean): OpenAttribute | undefined {
  const layout: Struct<Fields & { type: Field<number>; indexBlockBytes: Field<number>; reference: Field<bigint> }> = is32Bit
    ? openAttribute32
    : openAttribute;
  if (entry.length < layout.sizeBytes) return undefined;
  const { type, indexBlockBytes } = layout.view(entry);
  const file = recordOf(new DataView(entry.buffer, entry.byteOffset, entry.byteLength), layout.offsetOf("reference"));
  return { file, type, name, indexBlockBytes };
}

/** Each name after its entry's offset and its length in bytes; an offset of 0 ends them. */
function parseNames(bytes: Uint8Array): ReadonlyMap<number, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const names = new Map<number, string>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const offset = view.getUint16(at, true);
    const end = at + 4 + view.getUint16(at + 2, true);
    if (offset === 0 || end > bytes.length) break;
    names.set(offset, nameFromUtf16le(bytes.subarray(at + 4, end)));
    // A unit of zero ends each name, and is not counted.
    at = end + 2;
  }
  return names;
}

export function parseDirtyPages(table: Uint8Array, is32Bit: boolean): readonly DirtyPage[] | string {
  const layout: Struct<DirtyFields> = is32Bit ? dirtyPage32 : dirtyPage;
  const entries = entriesOf(table, layout.sizeBytes);
  if (typeof entries === "string") return entries;
  const pages: DirtyPage[] = [];
  for (const { offset, bytes } of entries) {
    const entry: View<DirtyFields> = layout.view(bytes);
    const end = layout.sizeBytes + 8 * entry.clusterCount;
    if (end > bytes.length) return `has an entry at ${offset} that names ${entry.clusterCount} clusters`;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const lcns: bigint[] = [];
    for (let at = layout.sizeBytes; at < end; at += 8) lcns.push(view.getBigUint64(at, true));
    pages.push({ attribute: entry.attribute, vcn: entry.vcn, oldestLsn: entry.oldestLsn, lcns });
  }
  return pages;
}

type DirtyFields = Fields & {
  attribute: Field<number>;
  clusterCount: Field<number>;
  vcn: Field<bigint>;
  oldestLsn: Field<bigint>;
};

export function parseTransactions(table: Uint8Array): Map<number, Transaction> | string {
  const entries = entriesOf(table, transactionEntry.sizeBytes);
  if (typeof entries === "string") return entries;
  return new Map(
    entries.map(({ offset, bytes }) => {
      const { state, firstLsn, undoNextLsn } = transactionEntry.view(bytes);
      return [offset, { isActive: state === ACTIVE, firstLsn, undoNextLsn }];
    }),
  );
}
