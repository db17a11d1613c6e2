import { damageOf, NomountError } from "../../error.ts";
import type { Attribute } from "./attribute.ts";
import { type ListEntry, MAX_LIST_BYTES, parseAttributeList } from "./attribute-list.ts";
import type { Geometry } from "./boot-sector.ts";
import { contentOf } from "./content.ts";
import { type FileRecord, parseFileRecord } from "./file-record.ts";
import { ATTRIBUTE, RECORD } from "./ids.ts";
import { Mft } from "./mft.ts";
import type { Clustered } from "./run-extents.ts";
import type { Segment } from "./run-map.ts";

/** Records of which $MFTMirr keeps a copy; it has more where a cluster holds more, and those are not needed to get going. */
const MIRRORED_RECORDS = 4;

/**
 * Finds $MFT by its own first record: where that one is damaged, by the copy in $MFTMirr. What was wrong but could be helped
 * goes to `note`. Throws `corrupt` when neither record is good.
 */
export function openMft(volume: Clustered, geometry: Geometry, note: (problem: string) => void): Mft {
  const { recordBytes } = geometry;
  const mirror = new Map<number, FileRecord>();
  const mirrored = (number: number, error: unknown): FileRecord => {
    const damage = damageOf(error);
    const copy = mirrorRecord(volume, geometry, number);
    if (copy === undefined) throw damage;
    note(`${damage.message}; its copy in $MFTMirr was used`);
    mirror.set(number, copy);
    return copy;
  };
  let first: FileRecord;
  try {
    first = readRecord(volume, recordBytes, geometry.mftLcn, RECORD.mft);
  } catch (error) {
    first = mirrored(RECORD.mft, error);
  }
  const where = () => ({ label: volume.source.label, offsetBytes: geometry.mftLcn * volume.clusterBytes });
  const data = first.attributes.find(({ type, name }) => type === ATTRIBUTE.data && name === "");
  if (!first.inUse || data === undefined || data.isResident || data.startVcn !== 0)
    throw new NomountError("corrupt", "ntfs: FILE record 0 has no clusters of $MFT", { where: where() });
  const rest: Segment[] = [];
  const content = contentOf(volume, data, { title: "FILE record 0: $DATA", rest, where }, `${volume.source.label}:$MFT`);
  const mft = new Mft(content, recordBytes, mirror);
  attempt(note, () => {
    for (const { startVcn, reference } of continuations(volume, first)) {
      // Each lies in what the ones before it have found.
      const part = continuation(mft.record(reference.record), startVcn);
      rest.push({ startVcn, runList: () => part });
    }
  });
  for (let number = 1; number < MIRRORED_RECORDS && number < mft.recordCount; number++) {
    attempt(note, () => {
      try {
        mft.record(number);
      } catch (error) {
        mirrored(number, error);
      }
    });
  }
  return mft;
}

/** Does what the volume can be read without. */
function attempt(note: (problem: string) => void, what: () => void): void {
  try {
    what();
  } catch (error) {
    note(damageOf(error).message);
  }
}

function readRecord(volume: Clustered, recordBytes: number, lcn: number, number: number): FileRecord {
  const offsetBytes = lcn * volume.clusterBytes + number * recordBytes;
  const bytes = new Uint8Array(recordBytes);
  volume.source.readSync(bytes, offsetBytes);
  return parseFileRecord(bytes, number, { where: () => ({ label: volume.source.label, offsetBytes }) });
}

function mirrorRecord(volume: Clustered, { recordBytes, mftMirrorLcn }: Geometry, number: number): FileRecord | undefined {
  if (mftMirrorLcn < 0) return undefined;
  try {
    return readRecord(volume, recordBytes, mftMirrorLcn, number);
  } catch (error) {
    damageOf(error);
    return undefined;
  }
}

/** Where the attribute list says that the later parts of $MFT's runs are, in their order. */
function continuations(volume: Clustered, first: FileRecord): readonly ListEntry[] {
  const list = first.attributes.find(({ type }) => type === ATTRIBUTE.list);
  if (list === undefined) return [];
  const entries = parseAttributeList(listBytes(volume, list));
  if (typeof entries === "string") throw new NomountError("corrupt", `ntfs: FILE record 0: $ATTRIBUTE_LIST: ${entries}`);
  return entries
    .filter(({ type, name, startVcn }) => type === ATTRIBUTE.data && name === "" && startVcn > 0)
    .toSorted((a, b) => a.startVcn - b.startVcn)
    .filter((entry, i, sorted) => entry.startVcn !== sorted[i - 1]?.startVcn);
}

function listBytes(volume: Clustered, list: Attribute): Uint8Array {
  const where = () => ({ label: volume.source.label });
  const located = { title: "FILE record 0: $ATTRIBUTE_LIST", rest: [], where };
  const source = contentOf(volume, list, located, `${volume.source.label}:$MFT:$ATTRIBUTE_LIST`);
  const bytes = new Uint8Array(Math.min(source.sizeBytes, MAX_LIST_BYTES));
  source.readSync(bytes, 0);
  return bytes;
}

function continuation(record: FileRecord, startVcn: number): Uint8Array {
  for (const attribute of record.attributes) {
    const { type, name, isResident } = attribute;
    if (type === ATTRIBUTE.data && name === "" && !isResident && attribute.startVcn === startVcn) return attribute.runList;
  }
  throw new NomountError(
    "corrupt",
    `ntfs: FILE record ${record.number} does not hold the part of $MFT from VCN ${startVcn} on`,
  );
}
