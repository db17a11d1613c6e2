import { readdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { cacheFolder, repositoryFolder } from "../support/repository.ts";
import { Attempts } from "./attempt.ts";
import { run } from "./campaign.ts";
import { Findings, load } from "./findings.ts";
import type { FuzzModule } from "./fuzz-module.ts";

const usage = `npm run fuzz -- [--seed TEXT] [--seconds N] [--mutants N] [--only MODULE]... [--threads N] [--verbose]
npm run fuzz -- --replay FINDING.json [--image MUTANT.img]`;

const MESSAGES_SHOWN = 40;

const options = {
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  seconds: { type: "string", default: "60" },
  mutants: { type: "string", default: "Infinity" },
  only: { type: "string", multiple: true },
  threads: { type: "string", default: String(Math.min(2, availableParallelism())) },
  modules: { type: "string", default: "test/fuzz/modules" },
  replay: { type: "string" },
  image: { type: "string" },
  verbose: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

const { values } = parseArgs({ options });
if (values.help) process.stdout.write(`${usage}\n`);
else if (values.replay !== undefined) await replay(values.replay, values.image);
else await fuzz();

async function fuzz(): Promise<void> {
  const modules = await loadModules(values.only);
  const findings = new Findings();
  const secondsEach = Number(values.seconds) / modules.length;
  for (const { module, moduleUrl } of modules) {
    for (const { original, outcome } of await new Attempts(module).unchanged()) {
      if (outcome.kind === "finding") throw new Error(`${module.name}: ${original} unchanged: ${outcome.error}`);
    }
    const { read, refused, messages } = await run({
      module,
      moduleUrl,
      seed: values.seed,
      untilMs: Date.now() + 1000 * secondsEach,
      mutants: Number(values.mutants),
      threads: Number(values.threads),
      found: (finding) => {
        if (findings.add(finding))
          print(`FOUND ${finding.module} ${finding.number}: ${finding.error}\n  ${finding.description}`);
      },
    });
    print(
      `${module.name}: seed ${values.seed}: ${read} mutants read, ${refused} refused with ${messages.size} sorts of message`,
    );
    if (values.verbose)
      for (const [message, count] of byCount(messages).slice(0, MESSAGES_SHOWN)) print(`  ${count} x ${message}`);
  }
  for (const { count, files, first } of findings.sorts) {
    print(`${count} x ${first.module}: ${first.error.split("\n")[0]}`);
    for (const file of files) print(`  npm run fuzz -- --replay ${file}`);
  }
  print(`${findings.sorts.length === 0 ? "nothing" : `${findings.sorts.length} sorts of harm`} found`);
  if (findings.sorts.length > 0) process.exitCode = 1;
}

async function replay(file: string, image: string | undefined): Promise<void> {
  const finding = load(file);
  const [loaded] = await loadModules([finding.module]);
  if (loaded === undefined) throw new Error(`no fuzz module ${finding.module}`);
  const attempts = new Attempts(loaded.module);
  print(`${finding.original}: ${finding.description}`);
  if (image !== undefined) {
    const mutant = attempts.recreate(finding);
    writeFileSync(image, mutant.bytes);
    mutant.restore();
  }
  const { outcome } = await attempts.again(finding);
  print(outcome.kind === "finding" ? outcome.error : outcome.kind === "refused" ? `refused: ${outcome.message}` : "read");
  if (outcome.kind === "finding") process.exitCode = 1;
}

/** The files of the folder are the list of modules; those of a module that was taken away stay compiled, but are not run. */
async function loadModules(only: readonly string[] | undefined) {
  const names = readdirSync(join(repositoryFolder, values.modules))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => basename(file, ".ts"));
  const unknown = only?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) throw new Error(`no fuzz module ${unknown.join(", ")}; there are ${names.join(", ")}`);
  const loaded: { module: FuzzModule; moduleUrl: string }[] = [];
  for (const name of only ?? names) {
    const moduleUrl = pathToFileURL(join(cacheFolder, "tools", values.modules, `${name}.js`)).href;
    const { fuzz: module } = (await import(moduleUrl)) as { fuzz: FuzzModule };
    if (module.name !== name) throw new Error(`${name}.ts exports a fuzz module called ${module.name}`);
    loaded.push({ module, moduleUrl });
  }
  return loaded;
}

function byCount(messages: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...messages].sort(([, a], [, b]) => b - a);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
