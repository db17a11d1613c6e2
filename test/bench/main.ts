import { parseArgs } from "node:util";
import { has, isRoot } from "../support/tools.ts";
import { copyBuild } from "./build-under-test.ts";
import { type Contender, contenders, type Job } from "./contenders.ts";
import { type ImageName, image } from "./images/all.ts";
import { dropCaches, hasTime, measure, readWhole } from "./measure.ts";
import { type Result, save, summary, table } from "./report.ts";
import { verify } from "./verify.ts";

const usage = `npm run bench -- [--only WORK]... [--type ext4|ntfs]... [--contender NAME]... [--runs N] [--caches warm|cold]...
                 [--no-verify] [--brief] [--quick]

--brief takes a few minutes: warm caches, three rounds, nothing taken apart; who takes longer than ten seconds has one. Works: help, info, list, tree, small, big, fragmented, tar. The images are built once, in NOMOUNT_BENCH_DIR or the
user's cache; --quick takes images of a few megabytes, to see that everything runs.
`;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    type: { type: "string", multiple: true, default: ["ext4", "ntfs"] },
    contender: { type: "string", multiple: true },
    runs: { type: "string", default: "5" },
    caches: { type: "string", multiple: true, default: ["warm", "cold"] },
    "no-verify": { type: "boolean", default: false },
    brief: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** Of --brief. */
const BRIEF = { rounds: 3, patienceSeconds: 10, leftOut: "fragmented" } as const;

const plans: readonly (Omit<Job, "image"> & { readonly on: ImageName })[] = [
  { work: "help", on: "tree", output: "text", title: "show the help" },
  { work: "info", on: "tree", output: "text", title: "say what the disk holds" },
  { work: "list", on: "tree", output: "text", title: "list everything of the tree" },
  { work: "list", on: "small", output: "text", title: "list everything of many small files" },
  { work: "tree", on: "tree", output: "folder", title: "copy the tree to a tmpfs" },
  { work: "small", on: "small", output: "folder", title: "copy many small files to a tmpfs" },
  { work: "big", on: "big", output: "content", title: "one large file to a pipe" },
  { work: "fragmented", on: "big", output: "content", title: "one file of many extents to a pipe" },
  { work: "tar", on: "tree", output: "tar", title: "the tree as tar to a pipe" },
];

if (options.help) process.stdout.write(usage);
else await main();

async function main(): Promise<void> {
  copyBuild();
  const present = contenders.filter(isPresent);
  if (!hasTime) print("memory and processor time are not measured: GNU time is not installed");
  const results: Result[] = [];
  for (const type of options.type) {
    if (type !== "ext4" && type !== "ntfs") throw new Error(`--type is ext4 or ntfs, not ${type}`);
    for (const plan of plans) {
      if (options.only !== undefined && !options.only.includes(plan.work)) continue;
      if (options.brief && plan.work === BRIEF.leftOut) continue;
      const job: Job = { ...plan, image: image(plan.on, type, options.quick) };
      results.push(...(await compete(job, present)));
    }
  }
  print(`\n${summary(results)}\n\nall figures: ${save(results)}`);
}

/** The contenders in turn, over and over: what disturbs the machine disturbs all of them. */
async function compete(job: Job, present: readonly Contender[]): Promise<readonly Result[]> {
  const able = present.filter((contender) => contender.script(job) !== undefined);
  const verdicts = new Map<string, string>();
  if (options.brief) readWhole(job.image.file);
  else for (const contender of able) verdicts.set(contender.name, await firstRun(contender, job));
  const results: Result[] = [];
  for (const caches of options.brief ? ["warm"] : options.caches) {
    if (caches !== "warm" && caches !== "cold") throw new Error(`--caches is warm or cold, not ${caches}`);
    if (caches === "cold" && (job.work === "help" || !(await dropCaches()))) continue;
    const runs = new Map(able.map((contender) => [contender.name, [] as Result["runs"][number][]]));
    for (let round = 0; round < (options.brief ? BRIEF.rounds : Number(options.runs)); round++) {
      for (const contender of able) {
        const ofThis = runs.get(contender.name) ?? [];
        if (options.brief && (ofThis[0]?.seconds ?? 0) > BRIEF.patienceSeconds) continue;
        if (caches === "cold") await dropCaches();
        ofThis.push(await measure(contender, job, { sink: "cat > /dev/null" }));
      }
    }
    const { work, title, image } = job;
    const ofThis = able.map(({ name }): Result => {
      return {
        work,
        title,
        image: image.name,
        caches,
        contender: name,
        runs: runs.get(name) ?? [],
        verdict: verdicts.get(name) ?? "",
      };
    });
    results.push(...ofThis);
    print(`\n${title}: ${image.name}, ${image.entries} entries, ${caches} caches\n${table(ofThis)}`);
  }
  return results;
}

/** Untimed: brings the image into memory, and shows what the contender's result is worth. */
async function firstRun(contender: Contender, job: Job): Promise<string> {
  if (options["no-verify"]) {
    await measure(contender, job, { sink: "cat > /dev/null" });
    return "";
  }
  const { measured, verdict } = await verify(contender, job);
  if (measured.status !== 0)
    print(`${contender.name}: ${job.title}: exit status ${measured.status}: ${measured.complaints.slice(0, 300)}`);
  return verdict;
}

function isPresent({ name, needs, asRoot = false }: Contender): boolean {
  if (options.contender !== undefined && !options.contender.includes(name)) return false;
  const missing = needs.filter((command) => !has(command));
  if (missing.length > 0) print(`without ${name}: ${missing.join(", ")} not installed`);
  else if (asRoot && !isRoot) print(`without ${name}: it mounts, and we are not root`);
  return missing.length === 0 && (!asRoot || isRoot);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
