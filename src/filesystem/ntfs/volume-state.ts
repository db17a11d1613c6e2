import { hex } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import type { JournalState } from "../file-system.ts";
import { restartArea, restartPage } from "./layout.ts";
import { applyUpdateSequence } from "./update-sequence.ts";

/** What $LogFile says of itself. */
export interface LogState {
  /** "1.1", "2.0"; undefined where the log holds nothing, as after a reset by a driver that does not replay it. */
  readonly version: string | undefined;
  /** Why the log is to be replayed, or undefined when the volume was closed in order. */
  readonly problem: string | undefined;
}

const RESTART_SIGNATURE = 0x52545352;
const CHECKED_SIGNATURE = 0x444b4843;
const PAGE_BYTES = 4096;
const NOBODY = 0xffff;
const CLOSED_IN_ORDER = 2;

/** Reads the two restart pages with which the log begins; the one that was written last counts. */
export function logState(log: BlockSource): LogState {
  const pages = [0, PAGE_BYTES].map((offsetBytes) => {
    const bytes = new Uint8Array(PAGE_BYTES);
    if (offsetBytes + PAGE_BYTES <= log.sizeBytes) log.readSync(bytes, offsetBytes);
    return bytes;
  });
  if (pages.every((page) => page.every((byte) => byte === 0xff))) return { version: undefined, problem: undefined };
  let newest: { sequence: bigint; state: LogState } | undefined;
  for (const page of pages) {
    const found = parseRestartPage(page);
    if (found !== undefined && (newest === undefined || found.sequence > newest.sequence)) newest = found;
  }
  return newest?.state ?? { version: undefined, problem: "$LogFile begins with no restart page that is whole" };
}

function parseRestartPage(bytes: Uint8Array): { sequence: bigint; state: LogState } | undefined {
  const view = new DataView(bytes.buffer);
  const page = restartPage.view(view);
  if (page.signature !== RESTART_SIGNATURE && page.signature !== CHECKED_SIGNATURE) return undefined;
  // A page of another size than 4 KiB is as long as it says; its head is all that is needed, and lies in the first stride.
  if (page.systemPageBytes === PAGE_BYTES && applyUpdateSequence(view, 0, PAGE_BYTES) !== undefined) return undefined;
  if (page.restartAreaOffset + restartArea.sizeBytes > PAGE_BYTES) return undefined;
  const area = restartArea.view(view, page.restartAreaOffset);
  const closed = area.clientInUseList === NOBODY || (area.flags & CLOSED_IN_ORDER) !== 0;
  return {
    sequence: area.currentSequence,
    state: {
      version: `${page.majorVersion}.${page.minorVersion}`,
      problem: closed ? undefined : "$LogFile needs replay: the newest changes are only in it",
    },
  };
}

/** As every filesystem tells of its journal. */
export function journalState({ version, problem }: LogState): JournalState {
  const dirty = problem !== undefined;
  const state = dirty ? "dirty, not replayed" : "clean";
  const summary = version === undefined ? (dirty ? state : "empty") : `${state}, version ${version}`;
  return { dirty, replayed: false, transactions: undefined, blocks: undefined, summary, stopped: undefined };
}

/** Whether the content of hiberfil.sys says that Windows sleeps in it. */
export function isHibernated(hibernation: BlockSource): boolean {
  if (hibernation.sizeBytes < 4) return false;
  const mark = new Uint8Array(4);
  hibernation.readSync(mark, 0);
  return String.fromCharCode(...mark).toLowerCase() === "hibr";
}

/** Flags of $VOLUME_INFORMATION that ask for attention. */
const DIRTY = 0x1;
const VOLUME_FLAGS: readonly (readonly [number, string])[] = [
  [0x2, "resize $LogFile"],
  [0x4, "upgrade on mount"],
  [0x8, "mounted on NT 4"],
  [0x10, "delete USN journal underway"],
  [0x20, "repair object ids"],
  [0x4000, "chkdsk underway"],
  [0x8000, "modified by chkdsk"],
];

export function volumeFlags(flags: number): { dirty: boolean; names: readonly string[] } {
  const names = VOLUME_FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  const unknown = flags & ~VOLUME_FLAGS.reduce((all, [bit]) => all | bit, DIRTY);
  if ((flags & DIRTY) !== 0) names.unshift("dirty");
  if (unknown !== 0) names.push(hex(unknown));
  return { dirty: (flags & DIRTY) !== 0, names };
}
