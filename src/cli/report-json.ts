import type { Problem, Report } from "../extract/report.ts";

/** What became of a copy in JSON, as README "JSON" documents it. */
export function reportJson(report: Report) {
  const { "hard link": hardLink, ...copied } = report.copied;
  const { contentBytes, failedCount, damagedCount, losses, filteredCount, skippedCount, ended } = report;
  return {
    copied: { ...copied, hardLink },
    contentBytes,
    failed: report.failed.map(problemJson),
    failedCount,
    damaged: report.damaged.map(problemJson),
    damagedCount,
    losses,
    filteredCount,
    skippedCount,
    ended: ended ?? null,
  };
}

function problemJson({ path, fault }: Problem) {
  return { path, ...fault };
}
