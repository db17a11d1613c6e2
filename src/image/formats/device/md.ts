import { damageOf } from "../../../error.ts";
import { levelName } from "../../../volume/md/details.ts";
import { findSuperblock, readMember } from "../../../volume/md/superblock.ts";
import { type Recogniser, recognised } from "../recognised.ts";

/** Linux RAID members. Of a mirror whose superblock is at the end, the content is whole from byte 0 on. */
export const md: Recogniser = (source) => {
  const found = findSuperblock(source);
  if (found === undefined) return undefined;
  try {
    const { version, arrayUuid, arrayName, level, deviceCount, dataStartBytes } = readMember(source);
    return recognised(`Linux RAID member (md ${version}, ${levelName(level)}, ${deviceCount} devices)`, {
      label: version === "0.90" ? undefined : arrayName,
      uuid: arrayUuid,
      part: !(level === 1 && dataStartBytes === 0),
    });
  } catch (error) {
    damageOf(error);
    return recognised(`Linux RAID member (md ${found.version}, damaged)`, { part: true });
  }
};
