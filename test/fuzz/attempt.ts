import { getHeapStatistics } from "node:v8";
import { NomountError } from "../../src/error.ts";
import type { BlockSource } from "../../src/source/block-source.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { defaultLimits, type FuzzModule, type Limits, type Original } from "./fuzz-module.ts";
import { checkHelpful } from "./helpful.ts";
import { mutate } from "./mutate.ts";
import { Patched } from "./patched.ts";
import { Random } from "./random.ts";

export type Outcome =
  | { readonly kind: "read" }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "finding"; readonly error: string };

export interface Attempt {
  readonly original: string;
  readonly description: string;
  readonly outcome: Outcome;
  readonly changes: readonly (readonly [number, string])[];
  readonly lengthBytes: number;
}

/** What is written down of a mutant. */
type Saved = Omit<Attempt, "outcome"> & { readonly seed: string; readonly number: number };

/** Runs mutants of one module, each the same whatever ran before it. */
export class Attempts {
  readonly #module: FuzzModule;
  readonly #limits: Limits;
  readonly #originals: readonly Original[];
  readonly #images = new Map<string, Patched>();

  constructor(module: FuzzModule) {
    this.#module = module;
    this.#limits = { ...defaultLimits, ...module.limits };
    this.#originals = module.originals();
    if (this.#originals.length === 0) throw new Error(`fuzz module ${module.name} has nothing to mutate`);
  }

  /** Every original as it is: what a module refuses unchanged it would refuse mutated, and find nothing. */
  async unchanged(): Promise<readonly Attempt[]> {
    const attempts: Attempt[] = [];
    for (const original of this.#originals) {
      attempts.push(await this.#run(original, this.#image(original), "unchanged", "unchanged", 0));
    }
    return attempts;
  }

  async mutant(seed: string, number: number): Promise<Attempt> {
    const { original, image, description } = this.#make(seed, number);
    try {
      return await this.#run(original, image, description, seed, number);
    } finally {
      image.restore();
    }
  }

  /** What a mutant is, without running it: for one that does not come back. */
  describe(seed: string, number: number): Omit<Attempt, "outcome"> {
    const { original, image, description } = this.#make(seed, number);
    const made = {
      original: original.name,
      description,
      changes: image.changes(),
      lengthBytes: image.bytes.length,
    };
    image.restore();
    return made;
  }

  /** A mutant from what was written down of it, for when fixtures or mutations have changed since. */
  async again(saved: Saved): Promise<Attempt> {
    const image = this.recreate(saved);
    const original = this.#original(saved.original);
    try {
      return await this.#run(original, image, saved.description, saved.seed, saved.number);
    } finally {
      image.restore();
    }
  }

  recreate(saved: Saved): Patched {
    const image = this.#image(this.#original(saved.original));
    for (const [offsetBytes, bytes] of saved.changes) image.write(offsetBytes, Buffer.from(bytes, "hex"));
    image.truncate(saved.lengthBytes);
    return image;
  }

  #make(seed: string, number: number) {
    const random = new Random(`${seed}/${this.#module.name}/${number}`);
    const original = random.pick(this.#originals);
    const image = this.#image(original);
    return { original, image, description: mutate(image, original, this.#originals, random) };
  }

  async #run(original: Original, image: Patched, description: string, seed: string, number: number): Promise<Attempt> {
    const random = new Random(`choices of ${seed}/${this.#module.name}/${number}`);
    const source = new CountingSource(new MemorySource(image.bytes, original.name), this.#limits);
    const [started, before] = [performance.now(), externalBytes()];
    let outcome: Outcome = { kind: "read" };
    try {
      await this.#module.run({ original, description, bytes: image.bytes, source, random });
    } catch (error) {
      outcome = judge(error);
    }
    if (outcome.kind !== "finding") {
      const excess = source.excess ?? this.#excess(performance.now() - started, externalBytes() - before);
      if (excess !== undefined) outcome = { kind: "finding", error: excess };
    }
    const changes = outcome.kind === "finding" ? image.changes() : [];
    return { original: original.name, description, outcome, changes, lengthBytes: image.bytes.length };
  }

  #excess(milliseconds: number, leftBytes: number): string | undefined {
    if (milliseconds > this.#limits.milliseconds) return "took longer than one mutant may";
    if (leftBytes > this.#limits.memoryBytes) return "left more memory behind than one mutant may";
    return undefined;
  }

  #image(original: Original): Patched {
    let image = this.#images.get(original.name);
    if (image === undefined) {
      image = new Patched(original.bytes);
      this.#images.set(original.name, image);
    }
    return image;
  }

  #original(name: string): Original {
    const found = this.#originals.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`fuzz module ${this.#module.name} has no original ${name} any more`);
    return found;
  }
}

/** Of all typed arrays and wasm; the originals of every module that was loaded are among them. */
function externalBytes(): number {
  return getHeapStatistics().external_memory;
}

function judge(error: unknown): Outcome {
  if (!(error instanceof NomountError)) {
    return { kind: "finding", error: error instanceof Error ? (error.stack ?? String(error)) : `threw ${String(error)}` };
  }
  try {
    checkHelpful(error);
    return { kind: "refused", message: error.message };
  } catch (finding) {
    return judge(finding);
  }
}

/** Not a `NomountError`, so that code which reports one as damage and goes on does not swallow it. */
class BudgetError extends Error {}

class CountingSource implements BlockSource {
  readonly label: string;
  readonly sizeBytes: number;
  excess: string | undefined;
  readonly #inner: BlockSource;
  readonly #limits: Limits;
  #reads = 0;
  #bytes = 0;

  constructor(inner: BlockSource, limits: Limits) {
    this.#inner = inner;
    this.#limits = limits;
    this.label = inner.label;
    this.sizeBytes = inner.sizeBytes;
  }

  readSync(into: Uint8Array, offsetBytes: number): void {
    this.#count(into.length);
    this.#inner.readSync(into, offsetBytes);
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<void> {
    this.#count(into.length);
    await this.#inner.read(into, offsetBytes);
  }

  close(): void {
    this.#inner.close();
  }

  #count(lengthBytes: number): void {
    this.#reads += 1;
    this.#bytes += lengthBytes;
    if (this.#reads <= this.#limits.reads && this.#bytes <= this.#limits.readBytes) return;
    const error = new BudgetError(`${this.#reads} reads, ${this.#bytes} bytes: more than one mutant may read`);
    this.excess ??= error.stack ?? error.message;
    throw error;
  }
}
