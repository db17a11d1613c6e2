import { parentPort, workerData } from "node:worker_threads";
import { Attempts } from "./attempt.ts";
import type { Finding } from "./findings.ts";
import type { FuzzModule } from "./fuzz-module.ts";

export interface WorkerTask {
  readonly moduleUrl: string;
  readonly seed: string;
  readonly first: number;
  readonly step: number;
  /** Mutants from this number on are not run. */
  readonly end: number;
  readonly untilMs: number;
  /** [number of the mutant under way, milliseconds since the worker's start at which it began]: the watchdog looks at it. */
  readonly progress: SharedArrayBuffer;
}

export interface WorkerReport {
  readonly findings: readonly Finding[];
  readonly read: number;
  readonly refused: number;
  /** How often each refusal came, by its message without numbers. */
  readonly messages: ReadonlyMap<string, number>;
}

const REPORT_EVERY_MS = 500;

const task = workerData as WorkerTask;
const { fuzz } = (await import(task.moduleUrl)) as { fuzz: FuzzModule };
const attempts = new Attempts(fuzz);
const progress = new Float64Array(task.progress);

let report = emptyReport();
let reportedMs = Date.now();
for (let number = task.first; number < task.end && Date.now() < task.untilMs; number += task.step) {
  progress[1] = Date.now();
  progress[0] = number;
  const { outcome, original, description, changes, lengthBytes } = await attempts.mutant(task.seed, number);
  if (outcome.kind === "read") report.read += 1;
  else if (outcome.kind === "refused") {
    const message = outcome.message.replace(/\b(?:[0-9a-f]{2} )+[0-9a-f]{2}\b|0x[0-9a-f]+|\d+/g, "#").slice(0, 120);
    report.refused += 1;
    report.messages.set(message, (report.messages.get(message) ?? 0) + 1);
  } else {
    const { error } = outcome;
    report.findings.push({ module: fuzz.name, seed: task.seed, number, error, description, original, lengthBytes, changes });
  }
  if (report.findings.length > 0 || Date.now() - reportedMs > REPORT_EVERY_MS) send();
}
send();

function send(): void {
  const sent: WorkerReport = report;
  parentPort?.postMessage(sent);
  report = emptyReport();
  reportedMs = Date.now();
}

function emptyReport() {
  return { findings: [] as Finding[], read: 0, refused: 0, messages: new Map<string, number>() };
}
