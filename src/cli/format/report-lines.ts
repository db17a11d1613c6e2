import type { Loss, Report } from "../../extract/report.ts";
import type { Facet, Keeps } from "../../sink/sink.ts";
import { quoted } from "./long-line.ts";
import { longSize, plural } from "./size.ts";

/** So many paths are named for each loss; `--json` names up to 10,000. */
const PATHS_SHOWN = 5;

const COUNTED: Readonly<Record<string, string>> = {
  symlink: "symbolic link",
  char: "character device",
  block: "block device",
  other: "other entry",
};

/** Facets whose names do not tell enough by themselves. */
const LOST: Readonly<Partial<Record<Facet, string>>> = {
  accessed: "access time",
  created: "creation time",
  modified: "modification time",
  acl: "ACL",
  xattr: "extended attribute",
  nanoseconds: "part of the times below a microsecond",
};

/** What became of a copy, for people: what was copied, then what did not survive, by facet, reason and file. */
export function reportLines(report: Report, keeps: Partial<Keeps>, elapsedMs: number): string[] {
  const losses = report.losses.map((loss) => (keeps[loss.facet] === loss.why ? ruleLine(loss) : lossLine(loss)));
  return [copiedLine(report, elapsedMs), ...losses, ...missingLines(report)];
}

function copiedLine({ copied, contentBytes }: Report, elapsedMs: number): string {
  const counts = Object.entries(copied).filter(([, count]) => count > 0);
  const words = counts.map(([kind, count]) => plural(count, COUNTED[kind] ?? kind));
  const seconds = elapsedMs / 1000;
  const rate = seconds > 0 ? `, ${longSize(Math.round(contentBytes / seconds))}/s` : "";
  return `copied ${words.length === 0 ? "nothing" : words.join(", ")}: ${longSize(contentBytes)} in ${seconds.toFixed(1)} s${rate}`;
}

/** What this destination never holds: there is no need to name each file. */
function ruleLine({ facet, why, omitted, count }: Loss): string {
  return omitted
    ? `not copied: ${plural(count, facet)}: ${why}`
    : `not kept: ${lostWord(facet)} of ${plural(count, "entry")}: ${why}`;
}

function lossLine({ facet, why, omitted, count, paths }: Loss): string {
  const shown = paths.slice(0, PATHS_SHOWN).map(quoted).join(", ");
  const more = count > PATHS_SHOWN ? ` and ${count - PATHS_SHOWN} more` : "";
  return omitted
    ? `not copied: ${plural(count, facet)}, ${why}: ${shown}${more}`
    : `lost: ${lostWord(facet)} of ${shown}${more}: ${why}`;
}

function lostWord(facet: Facet): string {
  return LOST[facet] ?? facet;
}

function missingLines({ failedCount, damagedCount, filteredCount, skippedCount }: Report): string[] {
  return [
    skippedCount > 0 ? `${plural(skippedCount, "entry")} not sent again` : "",
    failedCount > 0 ? `failed: ${plural(failedCount, "entry")}, named above` : "",
    damagedCount > 0
      ? `damaged: ${plural(damagedCount, "place")} of the filesystem, named above; what they held may be missing`
      : "",
    filteredCount > 0 ? `left out as asked: ${plural(filteredCount, "entry")}` : "",
  ].filter((line) => line !== "");
}
