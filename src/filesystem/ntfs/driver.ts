import { damageOf, NomountError } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import type { FileSystem, FileSystemDriver, OpenOptions } from "../file-system.ts";
import { findBackupBootSector, type Geometry, hasBootMarks, parseBootSector } from "./boot-sector.ts";
import { FILE_SIGNATURE } from "./file-record.ts";
import { bootSector } from "./layout.ts";
import { Ntfs } from "./ntfs.ts";

/** NTFS by its boot sector, or where that is lost by the copy in the last sector. */
export const ntfs: FileSystemDriver = {
  name: "ntfs",

  probe(source) {
    const first = readFirst(source);
    if (first === undefined) return false;
    if (hasBootMarks(first)) return true;
    const backup = findBackupBootSector(source);
    // An old backup survives when another filesystem is made over the volume: $MFT must be there as well.
    return backup !== undefined && hasMft(source, backup);
  },

  open(source, options = {}) {
    try {
      const first = readFirst(source);
      if (first === undefined) throw new NomountError("corrupt", `ntfs: ${source.label} has no room for a boot sector`);
      return new Ntfs(source, parseBootSector(first, source, 0), [], options);
    } catch (error) {
      const damage = damageOf(error);
      const opened = openByBackup(source, damage, options);
      if (opened === undefined) throw damage;
      return opened;
    }
  },
};

/** Undefined where the backup is of no more use than what was tried before. */
function openByBackup(source: BlockSource, damage: NomountError, options: OpenOptions): FileSystem | undefined {
  const backup = findBackupBootSector(source);
  if (backup === undefined) return undefined;
  try {
    return new Ntfs(source, backup, [`${damage.message}; the backup boot sector was used`], options);
  } catch (error) {
    damageOf(error);
    return undefined;
  }
}

function readFirst(source: BlockSource): Uint8Array | undefined {
  if (source.sizeBytes < bootSector.sizeBytes) return undefined;
  const sector = new Uint8Array(bootSector.sizeBytes);
  source.readSync(sector, 0);
  return sector;
}

function hasMft(source: BlockSource, { mftLcn, mftMirrorLcn, clusterBytes }: Geometry): boolean {
  return [mftLcn, mftMirrorLcn].some((lcn) => {
    const offsetBytes = lcn * clusterBytes;
    if (lcn < 0 || offsetBytes + 4 > source.sizeBytes) return false;
    const signature = new Uint8Array(4);
    source.readSync(signature, offsetBytes);
    return new DataView(signature.buffer).getUint32(0, true) === FILE_SIGNATURE;
  });
}
