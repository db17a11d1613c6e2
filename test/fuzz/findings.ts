import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../support/repository.ts";
import type { Attempt } from "./attempt.ts";

/** A mutant that did harm, as it is kept: enough to make it again, and to know what it is. */
export interface Finding {
  readonly module: string;
  readonly seed: string;
  readonly number: number;
  readonly error: string;
  readonly description: string;
  readonly original: string;
  readonly lengthBytes: number;
  readonly changes: Attempt["changes"];
}

const SAME_KEPT = 3;
const folder = join(cacheFolder, "fuzz");

/** Keeps a few findings of each sort; the rest of a sort is counted. */
export class Findings {
  readonly #sorts = new Map<string, { count: number; files: string[]; first: Finding }>();

  /** True when the finding is of a new sort. */
  add(finding: Finding): boolean {
    const signature = signatureOf(finding);
    const known = this.#sorts.get(signature);
    if (known !== undefined) {
      known.count += 1;
      if (known.files.length < SAME_KEPT) known.files.push(save(finding));
      return false;
    }
    this.#sorts.set(signature, { count: 1, files: [save(finding)], first: finding });
    return true;
  }

  get sorts(): readonly { readonly count: number; readonly files: readonly string[]; readonly first: Finding }[] {
    return [...this.#sorts.values()];
  }
}

export function load(file: string): Finding {
  return JSON.parse(readFileSync(file, "utf8")) as Finding;
}

function save(finding: Finding): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${finding.module}-${finding.seed}-${finding.number}.json`);
  writeFileSync(file, `${JSON.stringify(finding, undefined, 1)}\n`);
  return file;
}

/** The message without its numbers, and the place in our own code it came from. */
function signatureOf({ module, error }: Finding): string {
  const [message = "", ...stack] = error.split("\n");
  const frame = stack.find((line) => line.includes("/src/"))?.replace(/^.*\/src\//, "") ?? "";
  return `${module}: ${message.replace(/0x[0-9a-f]+|\d+/g, "#")} ${frame}`;
}
