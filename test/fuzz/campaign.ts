import { Worker } from "node:worker_threads";
import { Attempts } from "./attempt.ts";
import type { Finding } from "./findings.ts";
import { defaultLimits, type FuzzModule } from "./fuzz-module.ts";
import type { WorkerReport, WorkerTask } from "./worker.ts";

export interface Campaign {
  readonly module: FuzzModule;
  readonly moduleUrl: string;
  readonly seed: string;
  readonly untilMs: number;
  /** Mutants to run at most. */
  readonly mutants: number;
  readonly threads: number;
  readonly found: (finding: Finding) => void;
}

export interface CampaignResult {
  readonly read: number;
  readonly refused: number;
  readonly messages: ReadonlyMap<string, number>;
}

const WATCH_EVERY_MS = 200;
const HEAP_MEBIBYTES = 512;

/** Mutants of one module in threads of their own; one that hangs, or takes its thread down, is written down and left behind. */
export async function run(campaign: Campaign): Promise<CampaignResult> {
  const total = { read: 0, refused: 0, messages: new Map<string, number>() };
  const take = (report: WorkerReport) => {
    total.read += report.read;
    total.refused += report.refused;
    for (const [message, count] of report.messages) total.messages.set(message, (total.messages.get(message) ?? 0) + count);
    for (const finding of report.findings) campaign.found(finding);
  };
  const lanes = Array.from({ length: campaign.threads }, (_, lane) => runLane(campaign, lane, take));
  await Promise.all(lanes);
  return total;
}

async function runLane(campaign: Campaign, lane: number, take: (report: WorkerReport) => void): Promise<void> {
  let first = lane;
  while (first < campaign.mutants && Date.now() < campaign.untilMs) {
    const fatal = await runThread(campaign, first, take);
    if (fatal === undefined) return;
    const { module, seed } = campaign;
    const made = new Attempts(module).describe(seed, fatal.number);
    campaign.found({ module: module.name, seed, number: fatal.number, error: fatal.error, ...made });
    first = fatal.number + campaign.threads;
  }
}

/** Resolves to undefined when the thread has done its share, or to the mutant that ended it. */
function runThread(
  { module, moduleUrl, seed, untilMs, mutants, threads }: Campaign,
  first: number,
  take: (report: WorkerReport) => void,
): Promise<{ number: number; error: string } | undefined> {
  const shared = new SharedArrayBuffer(16);
  const progress = new Float64Array(shared);
  progress[0] = first;
  const task: WorkerTask = { moduleUrl, seed, first, step: threads, end: mutants, untilMs, progress: shared };
  const worker = new Worker(new URL("./worker.js", import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEBIBYTES },
  });
  const limitMs = module.limits?.milliseconds ?? defaultLimits.milliseconds;
  return new Promise((settle) => {
    const end = (error: string | undefined) => {
      clearInterval(watch);
      void worker.terminate();
      settle(error === undefined ? undefined : { number: progress[0] ?? first, error });
    };
    const watch = setInterval(() => {
      const since = progress[1] ?? 0;
      if (since > 0 && Date.now() - since > limitMs) end(`did not come back within ${limitMs} ms`);
    }, WATCH_EVERY_MS);
    worker.on("message", take);
    worker.on("error", (error) => end(error.stack ?? String(error)));
    worker.on("exit", () => end(undefined));
  });
}
