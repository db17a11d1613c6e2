import type { Entry, Found, Stock } from "../sink.ts";
import { ManifestIndex } from "./manifest-index.ts";
import { ManifestWriter } from "./manifest-writer.ts";
import { type ManifestRecord, recordOf } from "./record.ts";

export interface LedgerOptions {
  /** Where the manifest of this run goes. */
  readonly manifest?: string | undefined;
  /** An earlier manifest: what is the same in it is not sent. */
  readonly since?: string | undefined;
  /** What the destination has already is not sent again. */
  readonly resume?: boolean | undefined;
}

/** Knows what need not be sent, and writes down what has arrived. */
export class Ledger {
  readonly #writer: ManifestWriter | undefined;
  readonly #since: ManifestIndex | undefined;
  readonly #resume: boolean;

  /** Throws where a manifest cannot be read, or written. */
  constructor({ manifest, since, resume = false }: LedgerOptions) {
    this.#since = since === undefined ? undefined : new ManifestIndex(since);
    this.#writer = manifest === undefined ? undefined : new ManifestWriter(manifest, { resume });
    this.#resume = resume;
  }

  /** Whether an entry need not be sent. */
  async skips(entry: Entry, stock: Stock | undefined): Promise<boolean> {
    if (this.#since !== undefined && this.#isUnchanged(entry, this.#since)) return true;
    if (!this.#resume || stock === undefined || entry.node.kind === "directory") return false;
    return this.#isThere(entry, stock);
  }

  done(entry: Entry, sha256: string | undefined): void {
    if (entry.path !== "") this.#writer?.record(recordOf(entry, sha256));
  }

  /** What the earlier manifest has and the guest has no more. */
  *gone(): Generator<string> {
    if (this.#since === undefined) return;
    for (const { record } of this.#since.all("unseen")) yield record.path;
  }

  finish(): void {
    this.#writer?.finish();
    this.#since?.close();
  }

  /** The run has ended before its time: the next one can go on. */
  stop(): void {
    this.#writer?.stop();
  }

  #isUnchanged(entry: Entry, since: ManifestIndex): boolean {
    const before = since.find(entry.path);
    if (before === undefined) return false;
    since.see(entry.path);
    const now = recordOf(entry, undefined);
    const isSame =
      before.kind === now.kind &&
      before.sizeBytes === now.sizeBytes &&
      before.modifiedNs === now.modifiedNs &&
      before.changedNs === now.changedNs &&
      before.target === now.target;
    if (isSame) this.#writer?.record({ ...before, unchanged: true });
    return isSame;
  }

  async #isThere(entry: Entry, stock: Stock): Promise<boolean> {
    const { path, hardLinkTo } = entry;
    const found = await stock.look(path);
    if (found === undefined || !matches(entry, found)) return false;
    if (hardLinkTo !== undefined && found.fileId !== undefined && found.fileId !== (await stock.look(hardLinkTo))?.fileId)
      return false;
    if (this.#writer === undefined) return true;
    const before = this.#writer.earlier?.find(path);
    if (before !== undefined && before.unchanged !== true && isRecordOf(before, entry)) {
      this.#writer.earlier?.see(path);
      return true;
    }
    // Without its digest it cannot be written down.
    if (entry.node.kind === "file" && hardLinkTo === undefined) return false;
    this.#writer.record(recordOf(entry, undefined));
    return true;
  }
}

function isRecordOf(before: ManifestRecord, entry: Entry): boolean {
  const now = recordOf(entry, undefined);
  return before.kind === now.kind && before.sizeBytes === now.sizeBytes && before.modifiedNs === now.modifiedNs;
}

/** Whether what was found is what the entry would become: its kind, size, time, target. */
export function matches({ node, linkTarget }: Entry, found: Found): boolean {
  if (found.kind !== node.kind) return false;
  if (node.kind === "symlink") return found.linkTarget === undefined || found.linkTarget === linkTarget;
  if (node.kind === "file" && found.sizeBytes !== node.sizeBytes) return false;
  return isSameTime(node.modifiedNs, found.modifiedNs);
}

const STEPS_NS = [1n, 100n, 1000n, 1_000_000n, 1_000_000_000n] as const;

/** A destination that keeps whole seconds shows times without a fraction; compared is what it keeps. */
export function isSameTime(wantedNs: bigint | undefined, foundNs: bigint | undefined): boolean {
  if (wantedNs === undefined || foundNs === undefined) return true;
  const step = STEPS_NS.findLast((ns) => foundNs % ns === 0n) ?? 1n;
  return floor(wantedNs, step) === foundNs;
}

function floor(ns: bigint, step: bigint): bigint {
  const rest = ns % step;
  return ns - (rest < 0n ? rest + step : rest);
}
