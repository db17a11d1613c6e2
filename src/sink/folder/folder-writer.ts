import { nameFromBytes } from "../../bytes/names.ts";
import { type Fault, SourceError } from "../../error.ts";
import type { Extent } from "../../source/block-source.ts";
import { ExtentReader, type Shortfall, type Wanted } from "../../source/extent-reader.ts";
import { sliceExtent } from "../../source/mapped.ts";
import { chunksOf, layOut, type Placed, type Window, windows } from "../../source/window.ts";
import { DIRECT_BYTES, type Direct } from "../direct.ts";
import { isFatal, reason, sinkFault } from "../failure.ts";
import type { Facet } from "../sink.ts";
import { applyMetadata, type Lost } from "./apply.ts";
import { groups, type Numbered, SLAB_BYTES } from "./groups.ts";
import type { Job } from "./job.ts";
import { makeNode, Unavailable } from "./make-node.ts";
import type { Native } from "./native.ts";
import { NewFile, writeFully } from "./new-file.ts";
import type { FolderSettings } from "./settings.ts";

/** What is to be said of a job, and of which path; of one that went well, nothing. */
export type Finding = { readonly job: number; readonly path: string } & (
  | { readonly kind: "failed"; readonly fault: Fault }
  | { readonly kind: "omitted" | "lost"; readonly facet: Facet; readonly why: string }
  /** Of a file that went well, where the settings ask for it. */
  | { readonly kind: "digest"; readonly sha256: string | undefined }
  /** Of a part: this range of the file could not be read. */
  | { readonly kind: "bad"; readonly offsetBytes: number; readonly lengthBytes: number; readonly fault: Fault }
);

export interface Result {
  readonly findings: readonly Finding[];
  /** Fewer than there are when it was stopped, or ended. */
  readonly jobsDone: number;
  /** The destination takes nothing more, or the source has died. */
  readonly ended: Fault | undefined;
}

type FileJob = Extract<Job, { kind: "file" }>;

const PIECE_BYTES = 2 * 1024 * 1024;
const WINDOW_BYTES = 512 * 1024;

/** Does jobs on a folder, synchronously: in the thread that calls, be it the only one or one of several. */
export class FolderWriter {
  readonly #native: Native | undefined;
  readonly #stop: () => boolean;
  readonly #reader = new ExtentReader();
  readonly #slab = new Uint8Array(SLAB_BYTES);
  #findings: Finding[] = [];
  #jobsDone = 0;

  constructor(native: Native | undefined, stop: () => boolean) {
    this.#native = native;
    this.#stop = stop;
  }

  /** Does all of it at once. */
  run(jobs: readonly Job[], settings: FolderSettings): Result {
    const steps = this.steps(jobs, settings);
    for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
  }

  /** The same with a pause after each job. One run must have ended before the next. */
  *steps(jobs: readonly Job[], settings: FolderSettings): Generator<void, Result> {
    this.#findings = [];
    this.#jobsDone = 0;
    const result = (ended: Fault | undefined) => ({ findings: this.#findings, jobsDone: this.#jobsDone, ended });
    try {
      for (const group of groups(jobs)) yield* this.#runGroup(group, settings);
      return result(undefined);
    } catch (error) {
      if (error instanceof Stopped) return result(undefined);
      if (error instanceof SourceError && error.fatal) return result({ kind: "source", message: error.message });
      if (isFatal(error)) return result({ kind: "sink", message: reason(error) });
      throw error;
    }
  }

  #lost(job: number, path: Buffer): Lost {
    return (facet, why) => this.#findings.push({ kind: "lost", job, path: nameFromBytes(path), facet, why });
  }

  *#runGroup(group: readonly Numbered[], settings: FolderSettings): Generator<void> {
    const windows: (Window | undefined)[] = [];
    const wanted: Wanted[] = [];
    let used = 0;
    for (const { job, smallBytes } of group) {
      if (job.kind !== "file" || smallBytes === undefined) {
        windows.push(undefined);
        continue;
      }
      const window = layOut(placed(job.extents), this.#slab.subarray(used, used + smallBytes));
      used += smallBytes;
      windows.push(window);
      for (const piece of window.pieces) wanted.push(piece.wanted);
    }
    const shortfalls = this.#reader.readSync(wanted);
    for (const [i, numbered] of group.entries()) {
      if (this.#stop()) throw new Stopped();
      this.#runOne(numbered, windows[i], shortfalls, settings);
      this.#jobsDone += 1;
      yield;
    }
  }

  #runOne(
    { number, job }: Numbered,
    window: Window | undefined,
    shortfalls: readonly Shortfall[],
    settings: FolderSettings,
  ): void {
    try {
      if (job.kind === "file") this.#writeFile(job, number, window, shortfalls, settings);
      else if (job.kind === "part") this.#writePart(job, number, settings);
      else if (job.kind === "directory")
        applyMetadata(job.path, job.metadata, undefined, settings, this.#native, this.#lost(number, job.path));
      else makeNode(job, settings, this.#native, this.#lost(number, job.path));
    } catch (error) {
      if (isFatal(error) || error instanceof Stopped || (error instanceof SourceError && error.fatal)) throw error;
      const path = nameFromBytes(job.path);
      if (error instanceof Unavailable)
        this.#findings.push({ kind: "omitted", job: number, path, facet: error.facet, why: error.message });
      else this.#findings.push({ kind: "failed", job: number, path, fault: sinkFault(error) });
    }
  }

  #writeFile(
    job: FileJob,
    number: number,
    window: Window | undefined,
    shortfalls: readonly Shortfall[],
    settings: FolderSettings,
  ): void {
    const file = new NewFile(job.path, job.metadata, settings);
    try {
      if (window !== undefined) for (const chunk of chunksOf(window, shortfalls)) file.write(chunk);
      else this.#fill(file, job.extents);
      const fault = file.complete(job.sizeBytes, this.#native, this.#lost(number, job.path));
      if (fault !== undefined) this.#findings.push({ kind: "failed", job: number, path: nameFromBytes(job.path), fault });
      else if (settings.digests)
        this.#findings.push({ kind: "digest", job: number, path: nameFromBytes(job.path), sha256: file.sha256() });
    } catch (error) {
      file.discard();
      throw error;
    }
  }

  #writePart(job: Extract<Job, { kind: "part" }>, number: number, settings: FolderSettings): void {
    let spoilt = false;
    const write = (chunk: Parameters<NewFile["write"]>[0]): void => {
      if (!("fault" in chunk)) {
        writeFully(job.fd, chunk.bytes, chunk.offsetBytes);
        return;
      }
      spoilt = settings.damaged === "leave out";
      this.#findings.push({ kind: "bad", job: number, path: nameFromBytes(job.path), ...chunk });
    };
    this.#stream(job.extents, job.offsetBytes, write, () => spoilt);
  }

  /** Long extents go straight from the root to the file, where the system can do that; all else is read and written. */
  #fill(file: NewFile, extents: readonly Extent[]): void {
    const direct = this.#native?.direct;
    const others: Extent[] = [];
    let at = 0;
    let othersBytes = 0;
    const writeOthers = (): void => {
      this.#stream(
        others.splice(0),
        at - othersBytes,
        (chunk) => file.write(chunk),
        () => file.spoilt,
      );
      othersBytes = 0;
    };
    for (const extent of extents) {
      let sentBytes = 0;
      if (direct !== undefined && extent.kind === "data" && extent.lengthBytes >= DIRECT_BYTES) {
        writeOthers();
        if (file.spoilt) return;
        sentBytes = this.#send(direct, file, extent, at);
      }
      at += extent.lengthBytes;
      if (sentBytes === extent.lengthBytes) continue;
      others.push(sliceExtent(extent, sentBytes, extent.lengthBytes - sentBytes));
      othersBytes += extent.lengthBytes - sentBytes;
    }
    writeOthers();
  }

  #send(direct: Direct, file: NewFile, extent: Extract<Extent, { kind: "data" }>, atBytes: number): number {
    const { source, offsetBytes, lengthBytes } = extent;
    for (let sent = 0; ; ) {
      if (this.#stop()) throw new Stopped();
      const piece = Math.min(PIECE_BYTES, lengthBytes - sent);
      const went = file.send(direct, { source, offsetBytes: offsetBytes + sent }, piece, atBytes + sent);
      sent += went;
      if (went < piece || sent === lengthBytes) return sent;
    }
  }

  /** A content of any size, window after window. */
  #stream(extents: readonly Extent[], startBytes: number, write: NewFile["write"], enough: () => boolean): void {
    for (const part of windows(extents, startBytes, WINDOW_BYTES)) {
      if (this.#stop()) throw new Stopped();
      const window = layOut(part, this.#slab);
      const shortfalls = this.#reader.readSync(window.pieces.map((piece) => piece.wanted));
      for (const chunk of chunksOf(window, shortfalls)) write(chunk);
      if (enough()) return;
    }
  }
}

class Stopped extends Error {}

function placed(extents: readonly Extent[]): readonly Placed[] {
  const pieces: Placed[] = [];
  let offsetBytes = 0;
  for (const extent of extents) {
    if (extent.kind !== "hole") pieces.push({ offsetBytes, extent });
    offsetBytes += extent.lengthBytes;
  }
  return pieces;
}
