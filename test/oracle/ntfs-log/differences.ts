/**
 * Logs that a program does not replay as nomount does, by name, and why nomount is held to be right. ntfsrecover is that of
 * ntfs-3g 2022.10.3, ntfs3 that of Linux 6.12.
 */
export type Differences = Readonly<Record<string, string>>;

const sizes =
  "ntfsrecover takes the sizes in the order of the attribute: allocated, size, valid; the logs of Windows 7 and 10 have the valid size second: it grows up to the third";
const version2 = "ntfsrecover refuses version 2.0: fast restart mode";
const notEnded = "ntfsrecover redoes only what a ForgetTransaction has ended";
const ids =
  "ntfsrecover does not redo what was not committed; redone and undone, the number for the next attribute is not taken back";

export const ntfsrecoverDifferences: Differences = {
  "InitializeFileRecordSegment of a free record": "ntfsrecover passes over it unless its undo is Noop; Windows writes both",
  "InitializeFileRecordSegment of a free record, not committed":
    "ntfsrecover does not redo it; redone and undone, the record stays free, with the next sequence",
  DeallocateFileRecordSegment:
    "ntfsrecover keeps the sequence; on the volume of Windows 7 record 32, freed twice in the log, has sequence 3",
  "UpdateResidentValue, shorter": "ntfsrecover does not align what follows a shorter value, and refuses what it has made",
  "SetNewAttributeSizes, not all of it valid": sizes,
  "SetNewAttributeSizes of a sparse file": sizes,
  UpdateRecordDataRoot: "ntfsrecover does not know the operation",
  UpdateRecordDataAllocation: "ntfsrecover does not know the operation",
  "CreateAttribute, not committed": ids,
  "CreateAttribute, a name, not committed": ids,
  "version 2.0": version2,
  "the last page in its copies only, version 2.0": version2,
  "round the end of the log, version 2.0": version2,
  "a record over three pages": "ntfsrecover finds no way back over a page that no record begins in",
  "a record round the end of the log": "ntfsrecover finds no way back over a page that no record begins in",
  "CommitTransaction without ForgetTransaction": notEnded,
  PrepareTransaction: notEnded,
  EndTopLevelAction: notEnded,
  "a FILE record with a number of another log":
    "ntfsrecover takes a number behind the log's end for a stale one, and redoes; ntfs3 does not, and nomount tells of it",
  "clusters that were given up": "ntfsrecover does not know the operation",
  "a cluster that was replaced": "ntfsrecover does not know the operation",
};

export const ntfs3Differences: Differences = {
  "DeallocateFileRecordSegment, not committed":
    "ntfs3 makes a record that it finds freed anew, and then writes the 24 bytes of the undo data over that: the attributes are gone. Windows logs these 24 bytes since the rest of the record is still there",
};
