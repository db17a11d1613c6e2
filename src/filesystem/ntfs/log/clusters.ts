import type { OverlaySource } from "../../../source/overlay.ts";

/** Reads and writes what lies in a row of clusters, wherever each of them is: the writes go to memory. */
export class Clusters {
  readonly bytesPerCluster: number;
  readonly #overlay: OverlaySource;
  readonly #written = new Set<bigint>();

  constructor(overlay: OverlaySource, bytesPerCluster: number) {
    this.#overlay = overlay;
    this.bytesPerCluster = bytesPerCluster;
  }

  get writtenCount(): number {
    return this.#written.size;
  }

  hasWritten(lcn: number, count: number): boolean {
    for (let i = 0; i < count; i++) if (this.#written.has(BigInt(lcn + i))) return true;
    return false;
  }

  get bytesInMemory(): number {
    return this.#overlay.bytesInMemory;
  }

  /** `lcns`: the row; it must be as long as is asked for. */
  read(lcns: readonly bigint[], offset: number, lengthBytes: number): Uint8Array {
    const bytes = new Uint8Array(lengthBytes);
    for (const { position, from, to } of this.#pieces(lcns, offset, lengthBytes))
      this.#overlay.readSync(bytes.subarray(from, to), position);
    return bytes;
  }

  write(lcns: readonly bigint[], offset: number, bytes: Uint8Array): void {
    for (const { lcn, position, from, to } of this.#pieces(lcns, offset, bytes.length)) {
      this.#overlay.write(bytes.subarray(from, to), position);
      this.#written.add(lcn);
    }
  }

  *#pieces(lcns: readonly bigint[], offset: number, lengthBytes: number) {
    const size = this.bytesPerCluster;
    for (let from = 0; from < lengthBytes; ) {
      const index = Math.floor((offset + from) / size);
      const inCluster = offset + from - index * size;
      const to = Math.min(lengthBytes, from + size - inCluster);
      const lcn = lcns[index] ?? 0n;
      yield { lcn, position: Number(lcn) * size + inCluster, from, to };
      from = to;
    }
  }
}
