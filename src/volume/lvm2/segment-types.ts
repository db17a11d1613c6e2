import { openCache, openCachePool } from "./cache/segment.ts";
import { openError, openZero } from "./constant.ts";
import { openIntegrity } from "./integrity.ts";
import { openMirror } from "./mirror/segment.ts";
import { openRaid0, openRaid1, openRaid10, openRaidParity, PARITY_TYPES } from "./raid/segment.ts";
import { type SegmentOpener, volumeError } from "./segment.ts";
import { openStriped } from "./striped.ts";
import { openThin, openThinPoolSegment } from "./thin/segment.ts";
import { openWritecache } from "./writecache/segment.ts";

/** Every type of segment that is read, by its name in the metadata text. */
const openers: ReadonlyMap<string, SegmentOpener> = new Map<string, SegmentOpener>([
  ["striped", openStriped],
  ["linear", openStriped],
  ["zero", openZero],
  ["error", openError],
  ["thin-pool", openThinPoolSegment],
  ["thin", openThin],
  ["mirror", openMirror],
  ["cache", openCache],
  ["cache-pool", openCachePool],
  ["writecache", openWritecache],
  ["integrity", openIntegrity],
  ["raid0", openRaid0],
  ["raid0_meta", openRaid0],
  ["raid1", openRaid1],
  ["raid10", openRaid10],
  ["raid10_near", openRaid10],
  ...[...PARITY_TYPES.keys()].map((type) => [type, openRaidParity] as const),
]);

/** What lvm2 has besides, in words. */
const unread: ReadonlyMap<string, string> = new Map([
  ["vdo", "a VDO volume (deduplicated and compressed)"],
  ["vdo-pool", "a VDO pool (deduplicated and compressed)"],
  ["snapshot", "the record of a snapshot, without bytes of its own"],
]);

/** How a type of segment is opened; the opener of one that is not read throws `unsupported` with its name. */
export function segmentOpener(type: string): SegmentOpener {
  return (
    openers.get(type) ??
    (({ label }) => {
      const words = unread.get(type);
      throw volumeError(
        "unsupported",
        label,
        `segment type ${JSON.stringify(type)}${words === undefined ? "" : `, ${words},`} is not read`,
      );
    })
  );
}
