import { hex, NomountError } from "../../../error.ts";
import type { LogPage, LogPages } from "./pages.ts";
import type { Positions } from "./positions.ts";
import type { Restart } from "./restart.ts";

/** A page of the ring in the round in which it is expected. */
interface Spot {
  readonly offset: number;
  readonly round: bigint;
}

/**
 * Finds the last whole record of the log, which may go on behind what the restart page knows of; contents that are newer in a
 * copy of their page take its place. Throws `corrupt` where pages behind the end were written after it, so that it is a
 * damage in the middle: only those of one write may reach the disk in any order.
 */
export function findLastLsn(pages: LogPages, positions: Positions, restart: Restart, label: string): bigint {
  let lastLsn = restart.currentLsn;
  let spot = firstSpot(pages, positions, restart);
  let last: LogPage | undefined;
  for (let left = (pages.endOffset - pages.firstOffset) / pages.pageBytes; left > 0; left--) {
    const page = newestAt(pages, positions, spot, last);
    if (page === undefined) break;
    if (page.endsRecord && page.lastEndLsn > lastLsn) lastLsn = page.lastEndLsn;
    last = page;
    spot = after(pages, spot);
  }
  const behind = behindLastWrite(pages, positions, restart, spot, last);
  if (isOfRound(positions, pages.pageInRing(behind.offset), behind)) {
    const problem = `log page at ${hex(spot.offset)} is torn or missing, though the one at ${hex(behind.offset)} was written after it`;
    throw new NomountError("corrupt", `ntfs: $LogFile: ${problem}`, { where: { label } });
  }
  return lastLsn;
}

/** The page in which the last record that the restart page knows of ends. */
function firstSpot(pages: LogPages, positions: Positions, restart: Restart): Spot {
  const { currentLsn, lastRecordBytes, recordHeaderBytes, pageDataOffset } = restart;
  const round = positions.roundOf(currentLsn);
  const offset = positions.offsetOf(currentLsn);
  // A log that was just made has a number ahead of its records.
  if (offset < pages.firstOffset) return { offset: pages.firstOffset, round };
  const inPage = offset % pages.pageBytes;
  let spot: Spot = { offset: offset - inPage, round };
  let left = recordHeaderBytes + lastRecordBytes - (pages.pageBytes - inPage);
  for (; left > 0 && left < pages.endOffset; left -= pages.pageBytes - pageDataOffset) spot = after(pages, spot);
  return spot;
}

function after(pages: LogPages, { offset, round }: Spot): Spot {
  const next = pages.next(offset);
  return { offset: next, round: next === pages.firstOffset ? round + 1n : round };
}

/** The newest content of a page, if it follows what was written before. */
function newestAt(pages: LogPages, positions: Positions, spot: Spot, last: LogPage | undefined): LogPage | undefined {
  const follows = (page: LogPage | undefined): page is LogPage =>
    page !== undefined && (positions.roundOf(page.lastLsn) === spot.round || page.lastLsn === last?.lastLsn);
  const inRing = pages.pageInRing(spot.offset);
  let newest = follows(inRing) && continuesWrite(inRing, last) ? inRing : undefined;
  for (const copy of pages.copiesOf(spot.offset)) {
    // One that ends a record of the page before has no later number than that.
    const isNewer = newest === undefined ? copy.lastLsn >= (last?.lastLsn ?? 0n) : copy.lastLsn > newest.lastLsn;
    if (isNewer && follows(copy)) newest = copy;
  }
  if (newest !== undefined && newest !== inRing) pages.replace(spot.offset, newest);
  return newest;
}

/** Whether the page's place in its write fits that of the page before. The first may be a page that was written anew. */
function continuesWrite(page: LogPage, last: LogPage | undefined): boolean {
  if (last === undefined) return page.position === 1 || page.position === page.count;
  if (last.position === last.count) return page.position === 1;
  return page.position === last.position + 1 && page.count === last.count;
}

/** The first page behind the end that is not of the write that was under way there. */
function behindLastWrite(pages: LogPages, positions: Positions, restart: Restart, end: Spot, last: LogPage | undefined): Spot {
  let skipped = 1;
  if (!restart.writesSinglePages) {
    if (last !== undefined && last.position < last.count) skipped = last.count - last.position;
    else skipped = pagesOfWrite(pages, positions, end) ?? pagesOfWrite(pages, positions, after(pages, end), 1) ?? 1;
  }
  let spot = end;
  const most = (pages.endOffset - pages.firstOffset) / pages.pageBytes;
  for (let i = 0; i < Math.min(skipped, most); i++) spot = after(pages, spot);
  return spot;
}

/** How many pages from the end on a write took, of which the page at `spot` is not the first. */
function pagesOfWrite(pages: LogPages, positions: Positions, spot: Spot, skipped = 0): number | undefined {
  const page = pages.pageInRing(spot.offset);
  if (page === undefined || page.position < 2 || !isOfRound(positions, page, spot)) return undefined;
  return page.count - page.position + 1 + skipped;
}

/** Whether a page was written in this round of the log or a later one. */
function isOfRound(positions: Positions, page: LogPage | undefined, spot: Spot): boolean {
  return page !== undefined && positions.roundOf(page.lastLsn) >= spot.round;
}
