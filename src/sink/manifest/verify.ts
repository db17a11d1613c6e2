import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { type Fault, faultOf } from "../../error.ts";
import { checkPath } from "../safe-path.ts";
import type { Stock } from "../sink.ts";
import { isSameTime } from "./ledger.ts";
import { ManifestFile } from "./manifest-file.ts";
import type { ManifestRecord } from "./record.ts";

export interface Verified {
  readonly count: number;
  /** Of contents that were read and hashed. */
  readonly contentBytes: number;
  readonly wrongCount: number;
  /** Recorded as unchanged since an earlier manifest, so not copied by that run and not looked for. */
  readonly unchangedCount: number;
}

/** So long the work holds up everything else in its thread at most. */
const SLICE_MS = 40;

/** Compares what a manifest says with what a destination holds, and reads every content back. */
export async function verify(
  manifest: string,
  stock: Stock,
  told: { readonly wrong: (path: string, fault: Fault) => void; readonly checked?: (record: ManifestRecord) => void },
  signal?: AbortSignal,
): Promise<Verified> {
  const file = new ManifestFile(manifest);
  let [count, contentBytes, wrongCount, unchangedCount] = [0, 0, 0, 0];
  try {
    let sliceStart = performance.now();
    for (const { record } of file.records()) {
      if (performance.now() - sliceStart > SLICE_MS) {
        await turn();
        sliceStart = performance.now();
      }
      signal?.throwIfAborted();
      if (record.unchanged === true) {
        unchangedCount += 1;
        continue;
      }
      count += 1;
      const fault = await check(record, stock);
      if (fault !== undefined) {
        wrongCount += 1;
        told.wrong(record.path, fault);
      } else contentBytes += record.sizeBytes ?? 0;
      told.checked?.(record);
    }
  } finally {
    file.close();
  }
  return { count, contentBytes, wrongCount, unchangedCount };
}

async function check(record: ManifestRecord, stock: Stock): Promise<Fault | undefined> {
  try {
    checkPath(record.path);
    return await compare(record, stock);
  } catch (error) {
    return faultOf(error);
  }
}

async function compare(
  { path, kind, sizeBytes, modifiedNs, target, sha256 }: ManifestRecord,
  stock: Stock,
): Promise<Fault | undefined> {
  const differs = (what: string, expected: unknown, found: unknown): Fault => ({
    kind: "sink",
    message: `${what} differs: expected ${expected}, found ${found}`,
  });
  const found = await stock.look(path);
  if (found === undefined) return { kind: "sink", message: "is missing" };
  if (kind === "hard link") {
    const first = target === undefined ? undefined : await stock.look(target);
    return first?.fileId === found.fileId ? undefined : { kind: "sink", message: `is no other name of ${target}` };
  }
  if (found.kind !== kind) return differs("kind", kind, found.kind);
  if (kind === "symlink" && found.linkTarget !== undefined && found.linkTarget !== target)
    return differs("target", target, found.linkTarget);
  if (kind !== "file") return undefined;
  if (sizeBytes !== undefined && found.sizeBytes !== sizeBytes) return differs("size", sizeBytes, found.sizeBytes);
  if (!isSameTime(modifiedNs, found.modifiedNs)) return differs("time of modification", modifiedNs, found.modifiedNs);
  if (sha256 === undefined) return { kind: "sink", message: "the manifest has no SHA-256 of it" };
  const hash = createHash("sha256");
  for await (const bytes of stock.read(path)) hash.update(bytes);
  const digest = hash.digest("hex");
  return digest === sha256 ? undefined : differs("SHA-256", sha256, digest);
}
