import { attributeLength } from "../attribute.ts";
import { ATTRIBUTE } from "../ids.ts";
import { attributeHeader, fileRecord, indexRoot, residentAttribute } from "../layout.ts";
import { type Change, shift } from "./change.ts";
import { EntryList } from "./index-entries.ts";
import { OPERATION } from "./operations.ts";

const USED = fileRecord.offsetOf("usedBytes");
const LENGTH = attributeHeader.offsetOf("lengthBytes");
const VALUE_BYTES = attributeHeader.sizeBytes + residentAttribute.offsetOf("valueBytes");
const VALUE_OFFSET = attributeHeader.sizeBytes + residentAttribute.offsetOf("valueOffset");

/** Changes an entry of the index root that begins at the record's offset, where an attribute is that was checked. */
export function changeRootEntry(change: Change): string | undefined {
  const { record, action, bytes, view } = change;
  const { recordOffset: attribute, attributeOffset } = record;
  if (view.getUint32(attribute, true) !== ATTRIBUTE.indexRoot) return "the attribute is no $INDEX_ROOT";
  const entries = new EntryList(change, attribute + view.getUint16(attribute + VALUE_OFFSET, true) + indexRoot.sizeBytes);
  const at = attribute + attributeOffset;
  const problem = entries.problemAt(at, attribute + attributeLength(view, attribute));
  if (problem !== undefined) return problem;
  /** The attribute is as long as its entries. */
  const resize = (added: number): void => {
    const used = view.getUint32(USED, true);
    const end = attribute + attributeLength(view, attribute);
    shift(bytes, added > 0 ? end : end + added, added, used);
    view.setUint32(USED, used + added, true);
    view.setUint32(attribute + LENGTH, end - attribute + added, true);
    view.setUint32(attribute + VALUE_BYTES, view.getUint32(attribute + VALUE_BYTES, true) + added, true);
    entries.allocatedBytes += added;
  };
  switch (action.operation) {
    case OPERATION.addIndexEntryRoot: {
      const entry = entries.newEntry;
      if (entry === undefined) return "the index entry is cut short";
      if (view.getUint32(USED, true) + entry.length > bytes.length)
        return `no room for an index entry of ${entry.length} bytes`;
      resize(entry.length);
      entries.insert(at, entry);
      return undefined;
    }
    case OPERATION.deleteIndexEntryRoot: {
      const length = entries.lengthOf(at);
      if (at + length > attribute + attributeLength(view, attribute))
        return `an index entry of ${length} bytes goes past its end`;
      entries.remove(at);
      resize(-length);
      return undefined;
    }
    case OPERATION.setIndexEntryVcnRoot:
      return entries.update(at, "child");
    case OPERATION.updateFileNameRoot:
      return entries.update(at, "name");
    default:
      return entries.update(at, "data");
  }
}
