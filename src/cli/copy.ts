import { nameForDisplay } from "../bytes/names.ts";
import type { Report } from "../extract/report.ts";
import type { Selection } from "../extract/selection.ts";
import type { Keeps, Pace, Sink, Wishes } from "../sink/sink.ts";
import type { Context } from "./context.ts";
import type { CopyOptions } from "./copy-options.ts";
import { CopyProgress } from "./copy-progress.ts";
import { EXIT, exitCodeOf } from "./exit-code.ts";
import { reportLines } from "./format/report-lines.ts";
import type { Output } from "./output.ts";
import { type PromiseOptions, Promises } from "./promises.ts";
import { reportJson } from "./report-json.ts";

interface CopyWays {
  readonly jsonTo: Output;
  readonly signal?: AbortSignal | undefined;
  readonly pace?: Pace | undefined;
  readonly promised?: PromiseOptions | undefined;
}

/**
 * Copies what addresses name to a destination, with progress, and says what became of it: as JSON to `jsonTo` where asked for.
 * Without a signal the system ends the program where it stands.
 */
export async function copy(
  context: Context,
  imagePath: string,
  addresses: readonly string[],
  sink: Sink,
  options: CopyOptions,
  { jsonTo, signal, pace, promised = {} }: CopyWays,
): Promise<void> {
  await context.withImage(imagePath, options, async (image) => {
    const selections = context.locate(image, addresses, { streams: true });
    if (selections.length === 0) return;
    const startMs = performance.now();
    const promises = await Promises.open(promised);
    try {
      const wishes = { digests: promises?.digests, pace };
      const { report, keeps } = await context.withProgress(() =>
        run(context, selections, sink, options, { signal, wishes, promises }),
      );
      context.stdout.throwIfBroken();
      context.status = Math.max(context.status, statusOf(report));
      sayEnd(context, report);
      if (options.json === true) jsonTo.json(reportJson(report));
      else if (options.quiet !== true)
        for (const line of reportLines(report, keeps, performance.now() - startMs)) context.say(line);
      if (report.ended === undefined) await promises?.finish(context, sink, signal);
    } finally {
      promises?.close();
      if (promised.verify === true) await sink.abort();
    }
  });
}

interface RunWays {
  readonly signal: AbortSignal | undefined;
  readonly wishes: Wishes;
  readonly promises: Promises | undefined;
}

async function run(
  context: Context,
  selections: readonly Selection[],
  sink: Sink,
  options: CopyOptions,
  { signal, wishes, promises }: RunWays,
): Promise<{ readonly report: Report; readonly keeps: Partial<Keeps> }> {
  const { extract } = await import("../extract/extract.ts");
  const { include, exclude, newer: newerNs, streams } = options;
  const filters = { include, exclude, newerNs, streams };
  const progress = new CopyProgress(context, selections, options);
  let keeps: Partial<Keeps> = {};
  try {
    const report = await extract(selections, sink, {
      ...filters,
      signal,
      wishes,
      skips: promises?.ledger.skips.bind(promises.ledger),
      begun: (entry) => progress.begun(entry),
      opened: (told) => {
        keeps = told;
        promises?.check(sink);
      },
      observer: {
        progress: (bytes) => progress.bytes(bytes),
        done: (entry, sha256) => {
          promises?.ledger.done(entry, sha256);
          progress.done(entry);
        },
        failed: (path, fault) => {
          progress.over(path);
          context.say(`${nameForDisplay(path)}: ${fault.message}`);
        },
      },
    });
    return { report, keeps };
  } finally {
    progress.end();
  }
}

/** Says what only the end tells: damage to the filesystem itself, and why a run ended early. */
function sayEnd(context: Context, { damaged, damagedCount, ended }: Report): void {
  for (const { path, fault } of damaged) context.say(`${nameForDisplay(path)}: ${fault.message}`);
  if (damagedCount > damaged.length) context.say(`${damagedCount - damaged.length} more places of the filesystem are damaged`);
  if (ended === "interrupted") context.say("interrupted: what was not whole has been taken away again");
  else if (ended !== undefined) context.say(ended.message);
}

function statusOf({ ended, failedCount, damagedCount, losses }: Report): number {
  if (ended === "interrupted") return EXIT.interrupted;
  if (ended !== undefined) return exitCodeOf(ended.kind);
  // A socket has no content: the program that made it makes it again.
  const isMissing = losses.some(({ omitted, facet }) => omitted && facet !== "socket");
  return failedCount > 0 || damagedCount > 0 || isMissing ? EXIT.partial : EXIT.ok;
}
