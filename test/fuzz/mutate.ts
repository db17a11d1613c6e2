import type { Original, Target } from "./fuzz-module.ts";
import type { Patched } from "./patched.ts";
import type { Random } from "./random.ts";

interface Place {
  readonly target: Target;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

interface Operator {
  readonly weight: number;
  /** Changes the image at the place and says how. */
  readonly apply: (image: Patched, place: Place, random: Random, originals: readonly Original[]) => string;
}

const FIELD_BYTES = [1, 2, 4, 8] as const;
const BLOCK_BYTES = [1, 8, 16, 32, 128, 256, 512, 1024, 4096] as const;

const operators: readonly Operator[] = [
  { weight: 4, apply: flipBits },
  { weight: 8, apply: setField },
  { weight: 2, apply: randomBytes },
  { weight: 1, apply: fillRun },
  { weight: 2, apply: copyBlock },
  { weight: 1, apply: swapBlocks },
  { weight: 1, apply: spliceOther },
];

/** Applies a few mutations to the image, most often one, and says which. */
export function mutate(image: Patched, original: Original, originals: readonly Original[], random: Random): string {
  const steps: string[] = [];
  const count = random.chance(0.5) ? 1 : random.chance(0.8) ? random.between(2, 4) : random.between(5, 16);
  for (let i = 0; i < count; i++) {
    const place = choosePlace(original, image.bytes.length, random);
    if (place !== undefined) steps.push(random.pickByWeight(operators).apply(image, place, random, originals));
  }
  if (original.repair !== undefined && random.chance(0.75)) {
    original.repair(image);
    steps.push("checksums made right");
  }
  if (random.chance(0.02)) {
    image.truncate(random.below(image.bytes.length + 1));
    steps.push(`cut to ${image.bytes.length} bytes`);
  }
  return steps.join("; ");
}

function choosePlace(original: Original, sizeBytes: number, random: Random): Place | undefined {
  const whole: Target = { name: "anywhere", offsetBytes: 0, lengthBytes: sizeBytes };
  const inside = original.targets.filter(({ offsetBytes, lengthBytes }) => lengthBytes > 0 && offsetBytes < sizeBytes);
  const target = inside.length > 0 && random.chance(0.97) ? random.pickByWeight(inside) : whole;
  const lengthBytes = Math.min(target.lengthBytes, sizeBytes - target.offsetBytes);
  if (lengthBytes === 0) return undefined;
  return { target, offsetBytes: target.offsetBytes + random.below(lengthBytes), lengthBytes };
}

function flipBits(image: Patched, { target, offsetBytes }: Place, random: Random): string {
  const byte = image.bytes[offsetBytes] ?? 0;
  const mask = random.chance(0.8) ? 1 << random.below(8) : random.between(1, 255);
  image.write(offsetBytes, Uint8Array.of(byte ^ mask));
  return `${at(target, offsetBytes)}: flipped ${mask.toString(2)}`;
}

function setField(image: Patched, { target, offsetBytes }: Place, random: Random): string {
  const width = random.pick(FIELD_BYTES);
  const aligned = target.offsetBytes + Math.floor((offsetBytes - target.offsetBytes) / width) * width;
  const field = new Uint8Array(8);
  field.set(image.bytes.subarray(aligned, aligned + width));
  const littleEndian = random.chance(0.9);
  const bits = BigInt(width * 8);
  const read = new DataView(field.buffer);
  const present = littleEndian ? read.getBigUint64(0, true) : read.getBigUint64(0, false) >> (64n - bits);
  const value = BigInt.asUintN(Number(bits), interesting(present, bits, image.bytes.length, random));
  const bytes = Uint8Array.from({ length: width }, (_, i) =>
    Number((value >> BigInt(8 * (littleEndian ? i : width - 1 - i))) & 0xffn),
  );
  image.write(aligned, bytes);
  return `${at(target, aligned)}: ${width * 8}-bit ${littleEndian ? "" : "big-endian "}field 0x${present.toString(16)} -> 0x${value.toString(16)}`;
}

/** Values at which arithmetic goes wrong: limits, signs, sizes of the image in bytes and blocks, neighbours of what was there. */
function interesting(present: bigint, bits: bigint, sizeBytes: number, random: Random): bigint {
  const sign = 1n << (bits - 1n);
  const size = BigInt(sizeBytes);
  return random.pick([
    0n,
    1n,
    -1n,
    -2n,
    sign,
    sign - 1n,
    present + 1n,
    present - 1n,
    present * 2n,
    present / 2n,
    -present,
    present ^ sign,
    size,
    size / 512n,
    size / 1024n,
    size / 4096n,
    size - 1n,
    0x7fffffffn,
    0x80000000n,
    0x20000000000000n,
    BigInt(random.below(256)),
    BigInt(random.below(65536)),
    BigInt(random.u32()),
  ]);
}

function randomBytes(image: Patched, { target, offsetBytes }: Place, random: Random): string {
  const bytes = random.bytes(random.between(1, 8));
  image.write(offsetBytes, bytes);
  return `${at(target, offsetBytes)}: random ${Buffer.from(bytes).toString("hex")}`;
}

function fillRun(image: Patched, { target, offsetBytes }: Place, random: Random): string {
  const bytes = new Uint8Array(random.pick(BLOCK_BYTES)).fill(random.pick([0, 0xff, 0x20, 0x80]));
  image.write(offsetBytes, bytes);
  return `${at(target, offsetBytes)}: ${bytes.length} bytes of 0x${(bytes[0] ?? 0).toString(16)}`;
}

function copyBlock(image: Patched, place: Place, random: Random): string {
  const { target } = place;
  const length = random.pick(BLOCK_BYTES);
  const from = blockStart(place, place.offsetBytes, length);
  const to = blockStart(place, target.offsetBytes + random.below(place.lengthBytes), length);
  image.write(to, image.bytes.slice(from, from + length));
  return `${at(target, to)}: ${length} bytes copied from ${from}`;
}

function swapBlocks(image: Patched, place: Place, random: Random): string {
  const { target } = place;
  const length = random.pick(BLOCK_BYTES);
  const one = blockStart(place, place.offsetBytes, length);
  const other = blockStart(place, target.offsetBytes + random.below(place.lengthBytes), length);
  const bytes = image.bytes.slice(one, one + length);
  image.write(one, image.bytes.slice(other, other + length));
  image.write(other, bytes);
  return `${at(target, one)}: ${length} bytes swapped with ${other}`;
}

function spliceOther(image: Patched, place: Place, random: Random, originals: readonly Original[]): string {
  const other = random.pick(originals);
  const length = random.pick(BLOCK_BYTES);
  const to = blockStart(place, place.offsetBytes, length);
  image.write(to, other.bytes.slice(to, to + length));
  return `${at(place.target, to)}: ${length} bytes of ${other.name}`;
}

/** Structures lie at multiples of their sizes, so blocks begin there. */
function blockStart({ target }: Place, offsetBytes: number, length: number): number {
  return target.offsetBytes + Math.floor((offsetBytes - target.offsetBytes) / length) * length;
}

function at(target: Target, offsetBytes: number): string {
  return `${target.name}+${offsetBytes - target.offsetBytes} (byte ${offsetBytes})`;
}
