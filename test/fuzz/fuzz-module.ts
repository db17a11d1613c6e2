import type { BlockSource } from "../../src/source/block-source.ts";
import type { Patched } from "./patched.ts";
import type { Random } from "./random.ts";

/** One area under fuzz: a file in `modules/` exports it as `fuzz`. */
export interface FuzzModule {
  /** As `--only` takes it: "mbr", "ext". */
  readonly name: string;
  readonly limits?: Partial<Limits>;
  /** Valid inputs; called once per thread. */
  originals(): readonly Original[];
  /** Uses everything in the mutant; returns, or throws a `NomountError`. Any other error is a finding. */
  run(mutant: Mutant): void | Promise<void>;
}

export interface Original {
  readonly name: string;
  /** Mutated in place, and restored after each mutant. */
  readonly bytes: Uint8Array;
  /** Where mutations go. */
  readonly targets: readonly Target[];
  /** Makes checksums right again after most mutations, so that the code behind the check is reached. */
  readonly repair?: (image: Patched) => void;
}

export interface Target {
  readonly name: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** How often it is chosen beside the others; 1 where nothing is said. */
  readonly weight?: number;
}

export interface Mutant {
  readonly original: Original;
  /** What was changed, for people. */
  readonly description: string;
  /** The mutated bytes; not kept beyond the run. */
  readonly bytes: Uint8Array;
  /** The same as a source that counts its reads and ends the run when they pass the limit. */
  readonly source: BlockSource;
  /** For choices of the module's own: the same for the same mutant. */
  readonly random: Random;
}

/** What one mutant may cost before it counts as a finding. */
export interface Limits {
  /** Wall time on a machine that does other things too: far above what any honest run takes. */
  readonly milliseconds: number;
  readonly reads: number;
  readonly readBytes: number;
  /** In array buffers, as left behind by the run. */
  readonly memoryBytes: number;
}

export const defaultLimits: Limits = {
  milliseconds: 10_000,
  reads: 200_000,
  readBytes: 1 << 30,
  memoryBytes: 1 << 29,
};
