import { SourceError } from "../error.ts";
import type { BlockSource, Extent } from "./block-source.ts";
import { checkRange } from "./range.ts";

/**
 * A contiguous part of another source: a partition. It may be declared to reach past its parent's end (a truncated image):
 * that part has a size, and every read of it fails with a word about the end.
 */
export class SliceSource implements BlockSource {
  readonly label: string;
  readonly sizeBytes: number;
  readonly parent: BlockSource;
  readonly startBytes: number;

  constructor(parent: BlockSource, startBytes: number, sizeBytes: number, label: string) {
    this.parent = parent;
    this.startBytes = startBytes;
    this.sizeBytes = sizeBytes;
    this.label = label;
  }

  /** How many of its bytes the parent really has. */
  get presentBytes(): number {
    return Math.min(this.sizeBytes, Math.max(0, this.parent.sizeBytes - this.startBytes));
  }

  readSync(into: Uint8Array, offsetBytes: number): void {
    this.#check(offsetBytes, into.length);
    this.parent.readSync(into, this.startBytes + offsetBytes);
  }

  async read(into: Uint8Array, offsetBytes: number, signal?: AbortSignal): Promise<void> {
    this.#check(offsetBytes, into.length);
    return this.parent.read(into, this.startBytes + offsetBytes, signal);
  }

  *extents(offsetBytes: number, lengthBytes: number): Iterable<Extent> {
    checkRange(this, offsetBytes, lengthBytes);
    const dataBytes = Math.min(lengthBytes, Math.max(0, this.presentBytes - offsetBytes));
    if (dataBytes > 0) {
      yield { kind: "data", lengthBytes: dataBytes, source: this.parent, offsetBytes: this.startBytes + offsetBytes };
    }
    if (dataBytes < lengthBytes) {
      const fault = {
        kind: "source",
        message: this.#beyondEnd(offsetBytes + dataBytes, lengthBytes - dataBytes).message,
      } as const;
      yield { kind: "missing", lengthBytes: lengthBytes - dataBytes, fault };
    }
  }

  close(): void {}

  #check(offsetBytes: number, lengthBytes: number): void {
    checkRange(this, offsetBytes, lengthBytes);
    if (offsetBytes + lengthBytes > this.presentBytes) throw this.#beyondEnd(offsetBytes, lengthBytes);
  }

  #beyondEnd(offsetBytes: number, lengthBytes: number): SourceError {
    const { label, sizeBytes } = this.parent;
    return new SourceError(`${label} is truncated: it ends at byte ${sizeBytes}, before this place`, {
      label: this.label,
      offsetBytes,
      lengthBytes,
    });
  }
}
