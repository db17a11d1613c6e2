import { Spill } from "../spill.ts";
import { end, IN_ZIP64, MAGIC, UNIX, VERSION, zip64End, zip64Locator } from "./layout.ts";

/** What stands at the end of a zip: a header for each member, and where they begin. A million of them are not kept in memory. */
export class CentralDirectory {
  readonly #headers = new Spill();
  #count = 0;

  add(header: Uint8Array): void {
    this.#headers.add(header);
    this.#count += 1;
  }

  /** The directory as it stands at `offsetBytes`, in pieces, each valid until the next is asked for. */
  *encode(offsetBytes: number): Generator<Uint8Array> {
    yield* this.#headers.read();
    const entries = this.#count;
    const centralBytes = this.#headers.sizeBytes;
    if (entries >= IN_ZIP64.u16 || centralBytes >= IN_ZIP64.u32 || offsetBytes >= IN_ZIP64.u32) {
      yield zip64End.encode({
        magic: MAGIC.zip64End,
        recordBytes: BigInt(zip64End.sizeBytes - zip64End.offsetOf("versionMade")),
        versionMade: VERSION.zip64,
        hostSystem: UNIX,
        versionNeeded: VERSION.zip64,
        entriesHere: BigInt(entries),
        entries: BigInt(entries),
        centralBytes: BigInt(centralBytes),
        centralOffsetBytes: BigInt(offsetBytes),
      });
      yield zip64Locator.encode({
        magic: MAGIC.zip64Locator,
        endOffsetBytes: BigInt(offsetBytes + centralBytes),
        disks: 1,
      });
    }
    yield end.encode({
      magic: MAGIC.end,
      entriesHere: Math.min(entries, IN_ZIP64.u16),
      entries: Math.min(entries, IN_ZIP64.u16),
      centralBytes: Math.min(centralBytes, IN_ZIP64.u32),
      centralOffsetBytes: Math.min(offsetBytes, IN_ZIP64.u32),
    });
  }

  close(): void {
    this.#headers.close();
  }
}
