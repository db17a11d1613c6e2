import { type MessagePort, workerData } from "node:worker_threads";
import type { RootTransfer } from "../../source/block-source.ts";
import { FileSource } from "../../source/file/file-source.ts";
import { jobsOf, type Order } from "./batch.ts";
import { FolderWriter } from "./folder-writer.ts";
import { loadNative } from "./native.ts";
import type { FolderSettings } from "./settings.ts";
import type { Slots } from "./slots.ts";

/** What a thread is asked to do; it answers each with a `Result`, in order. */
export interface WorkOrder {
  readonly slots: Slots;
  readonly jobs: number;
  readonly order: Order;
  readonly roots: readonly RootTransfer[];
  readonly settings: FolderSettings;
}

/** What a thread is given when it starts: where its orders come from, and a flag of which any bit set means "stop". */
export interface WorkerStart {
  readonly port: MessagePort;
  readonly stop: Int32Array;
}

const { port, stop }: WorkerStart = workerData;
const writer = new FolderWriter(await loadNative(), () => Atomics.load(stop, 0) !== 0);
const sources = new Map<number, FileSource>();
// Descriptors belong to the process, so its threads read through the same ones; they are closed where they were opened.
const sourceOf = ({ label, segments }: RootTransfer): FileSource => {
  const key = segments[0]?.fd ?? -1;
  const source = sources.get(key) ?? new FileSource(label, segments);
  sources.set(key, source);
  return source;
};
port.on("message", ({ slots, jobs, order, roots, settings }: WorkOrder) => {
  port.postMessage(writer.run(jobsOf(slots, jobs, order, roots.map(sourceOf)), settings));
});
