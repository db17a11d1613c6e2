import { indexBlock } from "../layout.ts";
import type { Change } from "./change.ts";
import { EntryList } from "./index-entries.ts";
import { OPERATION } from "./operations.ts";

/** Changes an index block, or returns what is wrong with block or change. */
export function changeBlock(change: Change): string | undefined {
  const { record, action, bytes } = change;
  const entries = new EntryList(change, indexBlock.sizeBytes);
  const at = record.attributeOffset;
  const problem = entries.problemAt(at, bytes.length);
  if (problem !== undefined) return problem;
  const limit = Math.min(bytes.length, indexBlock.sizeBytes + entries.allocatedBytes);
  switch (action.operation) {
    case OPERATION.addIndexEntryAllocation: {
      const entry = entries.newEntry;
      if (entry === undefined) return "the index entry is cut short";
      if (indexBlock.sizeBytes + entries.usedBytes + entry.length > limit)
        return `no room for an index entry of ${entry.length} bytes`;
      entries.insert(at, entry);
      return undefined;
    }
    case OPERATION.deleteIndexEntryAllocation: {
      const length = entries.lengthOf(at);
      if (at + length > indexBlock.sizeBytes + entries.usedBytes) return `an index entry of ${length} bytes goes past its node`;
      entries.remove(at);
      return undefined;
    }
    case OPERATION.writeEndOfIndexBuffer:
      if (action.data === undefined) return "the rest of the index block is cut short";
      if (at + action.data.length > limit) return `${action.data.length} bytes at ${at} do not fit the index block`;
      entries.writeEnd(at, action.data);
      return undefined;
    case OPERATION.setIndexEntryVcnAllocation:
      return entries.update(at, "child");
    case OPERATION.updateFileNameAllocation:
      return entries.update(at, "name");
    default:
      return entries.update(at, "data");
  }
}
