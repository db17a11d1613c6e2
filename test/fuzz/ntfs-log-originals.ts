import { writeUpdateSequence } from "../../src/filesystem/ntfs/log/protect.ts";
import type { Original, Target } from "./fuzz-module.ts";
import { original } from "./originals.ts";
import type { Patched } from "./patched.ts";

const PAGE_BYTES = 4096;
const RECORDS_OFFSET = 64;
const RESTART = 0x52545352;
const RECORDS = 0x44524352;

/** A volume whose mutations go into its log; most of them with update sequences made right, as bits that decay do not come. */
export function logOriginals(name: string, bytes: Uint8Array, logOffset: number): Original {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const targets: Target[] = [];
  for (let offsetBytes = logOffset; offsetBytes + PAGE_BYTES <= bytes.length; offsetBytes += PAGE_BYTES) {
    const signature = view.getUint32(offsetBytes, true);
    if (signature === RESTART) targets.push({ name: "restart page", offsetBytes, lengthBytes: 0x110 });
    if (signature !== RECORDS) continue;
    targets.push({ name: "page header", offsetBytes, lengthBytes: RECORDS_OFFSET, weight: 0.5 });
    // The records before the checkpoint count for nothing: those of the last pages are all that is read.
    const lengthBytes = view.getUint16(offsetBytes + 0x18, true) - RECORDS_OFFSET;
    targets.push({ name: "records", offsetBytes: offsetBytes + RECORDS_OFFSET, lengthBytes, weight: 3 });
  }
  return original(name, bytes, targets, (image) => mend(image, targets));
}

function mend(image: Patched, targets: readonly Target[]): void {
  for (const { name, offsetBytes } of targets) {
    if (name === "records" || offsetBytes + PAGE_BYTES > image.bytes.length) continue;
    const page = image.bytes.slice(offsetBytes, offsetBytes + PAGE_BYTES);
    const sequence = page[4] ?? 0;
    // What lies at the ends of the sectors is what was written there, with the number over it.
    for (let i = 1; i <= PAGE_BYTES / 512; i++) page.set(page.subarray(sequence + 2 * i, sequence + 2 * i + 2), i * 512 - 2);
    if (writeUpdateSequence(page, new DataView(page.buffer))) image.write(offsetBytes, page);
  }
}
