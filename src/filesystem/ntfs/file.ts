import { damageOf, NomountError, type Where } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import type { Attribute } from "./attribute.ts";
import { type ListEntry, MAX_LIST_BYTES, parseAttributeList } from "./attribute-list.ts";
import { contentOf } from "./content.ts";
import type { FileRecord } from "./file-record.ts";
import { ATTRIBUTE, attributeTitle, isStale } from "./ids.ts";
import type { Mft } from "./mft.ts";
import type { Clustered } from "./run-extents.ts";

/** An attribute that is listed, but not to be had. */
export interface LostAttribute {
  readonly type: number;
  readonly name: string;
  readonly error: NomountError;
}

/** A file with its attributes, gathered from its base record and those that extend it. */
export class NtfsFile {
  readonly record: FileRecord;
  /** Of one that lies in several records, the first part. */
  readonly attributes: readonly Attribute[];
  readonly lost: readonly LostAttribute[];
  readonly #volume: Clustered;
  readonly #mft: Mft;
  readonly #continuations: ReadonlyMap<Attribute, Continuation> | undefined;

  constructor(volume: Clustered, mft: Mft, record: FileRecord, gathered: Gathered | undefined) {
    this.#volume = volume;
    this.#mft = mft;
    this.record = record;
    this.attributes = gathered?.attributes ?? record.attributes;
    this.lost = gathered?.lost ?? NONE_LOST;
    this.#continuations = gathered?.continuations;
  }

  /** As messages name it: "FILE record 41". */
  get title(): string {
    return `FILE record ${this.record.number}`;
  }

  /** Where the base record lies. */
  get where(): Where {
    return this.#mft.where(this.record.number);
  }

  /** The first of that type and name, or undefined. Throws what is wrong with it where it is listed but not to be had. */
  attribute(type: number, name = ""): Attribute | undefined {
    for (const attribute of this.attributes) if (attribute.type === type && attribute.name === name) return attribute;
    for (const lost of this.lost) if (lost.type === type && lost.name === name) throw lost.error;
    return undefined;
  }

  /** An attribute's content as a source, which keeps nothing of the record. */
  source(attribute: Attribute): BlockSource {
    const { type, name } = attribute;
    const title = `${this.title}: ${attributeTitle(type, name)}`;
    const continuation = this.#continuations?.get(attribute);
    const number = continuation?.record ?? this.record.number;
    const located = { title, rest: continuation?.rest ?? [], where: () => this.#mft.where(number) };
    return contentOf(this.#volume, attribute, located, `${this.#volume.source.label}:${title}`);
  }

  /** An attribute's content as bytes, for what is metadata. Throws `corrupt` when there are more than `most`. */
  bytes(attribute: Attribute, most: number): Uint8Array {
    if (attribute.isResident) return attribute.value;
    const source = this.source(attribute);
    if (source.sizeBytes > most) {
      const problem = `${source.label} has ${source.sizeBytes} bytes: expected at most ${most}`;
      throw new NomountError("corrupt", `ntfs: ${problem}`, { where: this.where });
    }
    const bytes = new Uint8Array(source.sizeBytes);
    source.readSync(bytes, 0);
    return bytes;
  }
}

/** What an attribute list led to. */
interface Gathered {
  readonly attributes: readonly Attribute[];
  readonly lost: readonly LostAttribute[];
  readonly continuations: ReadonlyMap<Attribute, Continuation>;
}

interface Continuation {
  /** That holds the first part. */
  readonly record: number;
  readonly rest: readonly { readonly startVcn: number; readonly runList: () => Uint8Array }[];
}

const NONE_LOST: readonly LostAttribute[] = [];

/** Gathers a file. Throws `path` where the record is no file, `corrupt` where the record or its attribute list is damaged. */
export function openFile(volume: Clustered, mft: Mft, number: number): NtfsFile {
  const record = mft.record(number);
  if (!record.inUse) throw new NomountError("path", `ntfs: FILE record ${number} is not in use`, { where: mft.where(number) });
  if (record.base !== undefined) {
    const problem = `ntfs: FILE record ${number} is no file: it extends record ${record.base.record}`;
    throw new NomountError("path", problem, { where: mft.where(number) });
  }
  const alone = new NtfsFile(volume, mft, record, undefined);
  const list = record.attributes.find((attribute) => attribute.type === ATTRIBUTE.list);
  if (list === undefined) return alone;
  const entries = parseAttributeList(alone.bytes(list, MAX_LIST_BYTES));
  if (typeof entries === "string")
    throw new NomountError("corrupt", `ntfs: ${alone.title}: $ATTRIBUTE_LIST: ${entries}`, { where: mft.where(number) });
  return new NtfsFile(volume, mft, record, gather(mft, record, entries));
}

function gather(mft: Mft, base: FileRecord, entries: readonly ListEntry[]): Gathered {
  const attributes: Attribute[] = [];
  const lost: LostAttribute[] = [];
  const continuations = new Map<Attribute, Continuation>();
  const taken = new Set<Attribute>();
  const records = new Map([[base.number, base]]);
  for (const [i, entry] of entries.entries()) {
    if (entry.startVcn > 0) continue;
    try {
      const number = entry.reference.record;
      const record = holder(mft, base, entry, records.get(number) ?? mft.record(number));
      records.set(record.number, record);
      const attribute = find(record, entry, taken);
      taken.add(attribute);
      const rest = continuationsOf(entries, i, () => mft.where(base.number));
      if (rest.length > 0) {
        const read = (part: ListEntry) => () => find(holder(mft, base, part), part).runList;
        const parts = rest.map((part) => ({ startVcn: part.startVcn, runList: read(part) }));
        continuations.set(attribute, { record: record.number, rest: parts });
      }
      attributes.push(attribute);
    } catch (error) {
      lost.push({ type: entry.type, name: entry.name, error: damageOf(error) });
    }
  }
  return { attributes, lost, continuations };
}

/** The entries that continue the attribute of entry `i`. */
function continuationsOf(entries: readonly ListEntry[], i: number, where: () => Where): readonly ListEntry[] {
  const { type, name } = entries[i] ?? { type: 0, name: "" };
  const parts: ListEntry[] = [];
  let startVcn = 0;
  for (let at = i + 1; ; at++) {
    const next = entries[at];
    if (next?.type !== type || next.name !== name || next.startVcn === 0) return parts;
    if (next.startVcn <= startVcn) {
      const problem = `ntfs: ${attributeTitle(type, name)} goes on at VCN ${next.startVcn} after one at ${startVcn}`;
      throw new NomountError("corrupt", problem, { where: where() });
    }
    parts.push(next);
    startVcn = next.startVcn;
  }
}

/** The record that holds a listed attribute: the base or one that extends it. */
function holder(mft: Mft, base: FileRecord, entry: ListEntry, found = mft.record(entry.reference.record)): FileRecord {
  const { reference, type, name } = entry;
  if (reference.record === base.number) return base;
  const extendsBase = found.inUse && found.base?.record === base.number && !isStale(found.base, base.sequence);
  if (extendsBase && !isStale(reference, found.sequence)) return found;
  const problem = `${attributeTitle(type, name)} should lie in record ${reference.record}, which does not extend this one`;
  throw new NomountError("corrupt", `ntfs: FILE record ${base.number}: ${problem}`, { where: mft.where(reference.record) });
}

function find(record: FileRecord, entry: ListEntry, taken?: ReadonlySet<Attribute>): Attribute {
  for (const attribute of record.attributes) {
    if (attribute.type !== entry.type || attribute.name !== entry.name || taken?.has(attribute) === true) continue;
    if (attribute.startVcn === entry.startVcn) return attribute;
  }
  const title = attributeTitle(entry.type, entry.name);
  throw new NomountError("corrupt", `ntfs: FILE record ${record.number} does not hold ${title} from VCN ${entry.startVcn} on`);
}
