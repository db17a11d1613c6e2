import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../support/repository.ts";
import type { Measured } from "./measure.ts";

/** What one contender did of one work, cold or warm. */
export interface Result {
  readonly work: string;
  readonly title: string;
  readonly image: string;
  readonly caches: "warm" | "cold";
  readonly contender: string;
  readonly runs: readonly Measured[];
  readonly verdict: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** A table of one work: the times of all contenders, each beside nomount's. */
export function table(results: readonly Result[]): string {
  const ours = results.find(({ contender }) => contender === "nomount");
  const ourSeconds = ours === undefined ? Number.NaN : seconds(ours);
  const rows = results.map((result) => [
    result.contender,
    seconds(result).toFixed(2),
    Math.min(...result.runs.map((run) => run.seconds)).toFixed(2),
    result === ours ? "" : (seconds(result) / ourSeconds).toFixed(2),
    show(median(result.runs.map(({ cpuSeconds = Number.NaN }) => cpuSeconds)), 2),
    show(Math.max(...result.runs.map(({ peakBytes = Number.NaN }) => peakBytes)) / 1e6, 0),
    result.verdict + failures(result),
  ]);
  return align([["", "median s", "least s", "x nomount", "cpu s", "peak MB", "result"], ...rows]);
}

/** Everything measured, for programs; returns the file's name. */
export function save(results: readonly Result[]): string {
  const folder = join(cacheFolder, "bench");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.json`);
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem(), node: process.version };
  writeFileSync(file, `${JSON.stringify({ machine, results }, undefined, 1)}\n`);
  return file;
}

function seconds({ runs }: Result): number {
  return median(runs.map((run) => run.seconds));
}

function failures({ runs }: Result): string {
  const statuses = new Set(runs.map(({ status }) => status).filter((status) => status !== 0));
  return statuses.size === 0 ? "" : `, exit status ${[...statuses].join(", ")}`;
}

function show(value: number, digits: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(digits);
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const last = widths.length - 1;
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 || column === last ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
