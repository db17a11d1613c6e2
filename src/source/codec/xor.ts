/**
 * Single parity: the exclusive or of the parts, each as long as the unit. A part may come in several pieces: what counts is
 * their order, one behind the other.
 */
export function xor(parts: readonly Uint8Array[], into: Uint8Array): void {
  into.fill(0);
  forEachStretch(parts, into.length, (piece, at) => {
    const target = into.subarray(at, at + piece.length);
    const [targetWords, pieceWords] = [words(target), words(piece)];
    if (targetWords !== undefined && pieceWords !== undefined) addInto(targetWords, pieceWords);
    else addInto(target, piece);
  });
}

function addInto(target: Uint8Array | Uint32Array, piece: Uint8Array | Uint32Array): void {
  for (let i = 0; i < piece.length; i++) target[i] = (target[i] ?? 0) ^ (piece[i] ?? 0);
}

/** Four bytes at a time, where they lie so. */
function words(bytes: Uint8Array): Uint32Array | undefined {
  const aligned = bytes.byteOffset % 4 === 0 && bytes.length % 4 === 0;
  return aligned ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4) : undefined;
}

/**
 * Calls `use` with each stretch of the parts that lies within one unit, where it begins in the unit, and which unit it is.
 * Parts that do not fill whole units are a mistake of the mapping.
 */
export function forEachStretch(
  parts: readonly Uint8Array[],
  unitBytes: number,
  use: (piece: Uint8Array, at: number, unit: number) => void,
): void {
  let position = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; ) {
      const unit = Math.floor(position / unitBytes);
      const at = position - unit * unitBytes;
      const length = Math.min(part.length - from, unitBytes - at);
      use(part.subarray(from, from + length), at, unit);
      from += length;
      position += length;
    }
  }
  if (position % unitBytes !== 0) throw new RangeError(`${position} bytes of parts are no multiple of ${unitBytes}`);
}
