import { plural, shortSize } from "./format/size.ts";
import { clock } from "./format/time.ts";
import type { Output } from "./output.ts";

const EVERY_MS = 100;
const BAR_WIDTH = 16;
const ERASE_LINE = "\r\x1b[K";

/**
 * How far the work has come, on one line of a terminal that is drawn anew at most ten times a second: bytes, files, rate,
 * and, where the whole is known, a bar and the time left. Draws nothing on anything but a terminal.
 */
export class ProgressLine {
  readonly #output: Output;
  readonly #startMs = performance.now();
  #drawnMs = Number.NEGATIVE_INFINITY;

  constructor(output: Output) {
    this.#output = output;
  }

  update(progress: Progress): void {
    if (!this.#output.isTerminal) return;
    const now = performance.now();
    if (now - this.#drawnMs < EVERY_MS) return;
    this.#drawnMs = now;
    this.#output.text(ERASE_LINE + progressText(progress, now - this.#startMs));
    this.#output.flush();
  }

  /** Clears the line, so that what is said next stands alone. */
  clear(): void {
    if (this.#drawnMs === Number.NEGATIVE_INFINITY) return;
    this.#drawnMs = Number.NEGATIVE_INFINITY;
    this.#output.text(ERASE_LINE);
    this.#output.flush();
  }
}

export interface Progress {
  readonly doneBytes: number;
  readonly doneFiles?: number | undefined;
  readonly totalBytes?: number | undefined;
  /** Paths of large files on their way, as they may be shown. */
  readonly inFlight?: readonly string[] | undefined;
}

/** A line has so many columns on any terminal; one that wraps cannot be drawn over. */
const COLUMNS = 79;
const SHORTEST_NAME = 8;

/** ", NAME", as far as there is room for it. */
function namesOf(inFlight: readonly string[], room: number): string {
  const [first, ...more] = inFlight;
  if (first === undefined) return "";
  const tail = more.length === 0 ? "" : ` and ${more.length} more`;
  const name = first.slice(first.lastIndexOf("/") + 1);
  const nameRoom = room - tail.length - 2;
  if (nameRoom < Math.min(name.length, SHORTEST_NAME)) return "";
  return `, ${name.length <= nameRoom ? name : `${name.slice(0, nameRoom - 3)}...`}${tail}`;
}

/** "[#####...............] 26%  1.2G of 4.6G, 12345 files, 310M/s, 0:11 left". */
export function progressText({ doneBytes, doneFiles, totalBytes, inFlight = [] }: Progress, elapsedMs: number): string {
  const perSecond = elapsedMs > 0 ? (doneBytes / elapsedMs) * 1000 : 0;
  const words = [
    totalBytes === undefined ? shortSize(doneBytes) : `${shortSize(doneBytes)} of ${shortSize(totalBytes)}`,
    doneFiles === undefined ? undefined : plural(doneFiles, "file"),
    `${shortSize(Math.round(perSecond))}/s`,
    totalBytes === undefined || perSecond === 0 ? undefined : `${clock(((totalBytes - doneBytes) / perSecond) * 1000)} left`,
  ];
  const text = words.filter((word) => word !== undefined).join(", ");
  const line = totalBytes === undefined ? text : `${bar(totalBytes === 0 ? 1 : doneBytes / totalBytes)}  ${text}`;
  return line + namesOf(inFlight, COLUMNS - line.length);
}

function bar(part: number): string {
  const share = Math.min(1, Math.max(0, part));
  const full = Math.floor(share * BAR_WIDTH);
  return `[${"#".repeat(full)}${".".repeat(BAR_WIDTH - full)}] ${Math.floor(share * 100)}%`;
}
