import { copyBuild } from "./build-under-test.ts";
import { contenders, type Job } from "./contenders.ts";
import { largeFile, manyFiles } from "./images/growth.ts";
import { measure, readWhole } from "./measure.ts";
import { median } from "./report.ts";

/**
 * How nomount's time and memory grow, with the number of files and with the size of one: `npm run bench:growth`. Warm caches;
 * `npm run bench:growth -- 10000 100000` takes fewer files, and leaves the large ones out.
 */
const RUNS = 3;
const counts = process.argv.slice(2).map(Number);
const fileCounts = counts.length > 0 ? counts : [10_000, 100_000, 1_000_000];
const gibibytes = counts.length > 0 ? [] : [1, 10, 50];

const [nomount] = contenders;
if (nomount === undefined) throw new Error("nomount is the first of the contenders");
copyBuild();

print("| files | list | memory | cp | memory | tar | memory |\n|---:|---:|---:|---:|---:|---:|---:|");
for (const count of fileCounts) {
  const image = manyFiles(count);
  readWhole(image.file);
  const cells: string[] = [];
  for (const [work, output] of [
    ["list", "text"],
    ["small", "folder"],
    ["tar", "tar"],
  ] as const) {
    cells.push(...(await cost({ work, title: work, image, output })));
  }
  print(`| ${count} | ${cells.join(" | ")} |`);
}
if (gibibytes.length > 0) print("\n| GiB in one file | cat | memory | tar | memory |\n|---:|---:|---:|---:|---:|");
for (const size of gibibytes) {
  const image = largeFile(size);
  const cells: string[] = [];
  for (const [work, output] of [
    ["big", "content"],
    ["tar", "tar"],
  ] as const) {
    cells.push(...(await cost({ work, title: work, image, output })));
  }
  print(`| ${size} | ${cells.join(" | ")} |`);
}

/** Median time and greatest memory, as cells of a table. */
async function cost(job: Job): Promise<readonly string[]> {
  if (nomount === undefined) return [];
  const runs = [];
  for (let i = 0; i < RUNS; i++) runs.push(await measure(nomount, job, { sink: "cat > /dev/null" }));
  const failed = runs.find(({ status }) => status !== 0);
  if (failed !== undefined)
    throw new Error(`${job.work} of ${job.image.name} ended with ${failed.status}: ${failed.complaints}`);
  const peakBytes = Math.max(...runs.map(({ peakBytes = Number.NaN }) => peakBytes));
  return [`${median(runs.map(({ seconds }) => seconds)).toFixed(2)} s`, `${(peakBytes / 1e6).toFixed(0)} MB`];
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
