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

/** All of it as one Markdown table: for each contender the median, and what the largest process took of memory. */
export function summary(results: readonly Result[]): string {
  const names = [...new Set(results.map(({ contender }) => contender))];
  const rows = new Map<string, Map<string, Result>>();
  for (const result of results) {
    const title = `${result.title}, ${result.image}, ${result.caches}`;
    const row = rows.get(title) ?? new Map<string, Result>();
    rows.set(title, row.set(result.contender, result));
  }
  const head = ["work, image, caches", ...names, "fastest other / nomount"];
  const lines = [...rows].map(([title, row]) => [title, ...names.map((name) => cell(row.get(name))), lead(row)]);
  return [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function cell(result: Result | undefined): string {
  if (result === undefined) return "-";
  const peakBytes = Math.max(...result.runs.map(({ peakBytes = Number.NaN }) => peakBytes));
  const memory = Number.isNaN(peakBytes) ? "" : `, ${show(peakBytes / 1e6, 0)} MB`;
  return `${seconds(result).toFixed(2)} s${memory}${failures(result)}`;
}

function lead(row: ReadonlyMap<string, Result>): string {
  const ours = row.get("nomount");
  const others = [...row.values()].filter(({ contender }) => contender !== "nomount" && contender !== "dd");
  if (ours === undefined || others.length === 0) return "-";
  return (Math.min(...others.map(seconds)) / seconds(ours)).toFixed(2);
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
