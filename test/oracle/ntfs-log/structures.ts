import { leftOf } from "../../support/ntfs-log/left.ts";

/** Of FILE records and index blocks. */
export interface Sizes {
  readonly record: number;
  readonly index: number;
}

interface Structure {
  readonly kind: "record" | "index";
  readonly offset: number;
  readonly lengthBytes: number;
  readonly lsn: bigint;
}

const LSN_OFFSET = 8;
const SIGNATURES: ReadonlyMap<string, Structure["kind"]> = new Map([
  ["FILE", "record"],
  ["INDX", "index"],
]);

/** All of an image's FILE records and index blocks, by their signatures. */
export function* structuresOf(image: Buffer, sizes: Sizes): Generator<Structure> {
  for (let offset = 0; offset + sizes.record <= image.length; offset += 512) {
    const kind = SIGNATURES.get(image.toString("latin1", offset, offset + 4));
    if (kind === undefined || offset + sizes[kind] > image.length) continue;
    yield { kind, offset, lengthBytes: sizes[kind], lsn: image.readBigUInt64LE(offset + LSN_OFFSET) };
  }
}

/** The image with its structures in the form of `leftOf`, to be compared byte for byte. */
export function normalised(image: Buffer, sizes: Sizes): Buffer {
  const copy = Buffer.from(image);
  for (const { kind, offset, lengthBytes } of structuresOf(image, sizes)) {
    const left = leftOf(image, { kind, offset, lengthBytes });
    if (typeof left !== "string") copy.fill(0, offset, offset + lengthBytes).set(left, offset);
  }
  return copy;
}
