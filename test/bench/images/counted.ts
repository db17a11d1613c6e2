/** Bytes that tell where they belong: each eight hold their own place, so that a misplaced block shows. */
export function counted(lengthBytes: number, startBytes = 0): Buffer {
  const words = new BigUint64Array(Math.ceil(lengthBytes / 8));
  const first = BigInt(Math.floor(startBytes / 8));
  for (let i = 0; i < words.length; i++) words[i] = (first + BigInt(i)) * 0x9e3779b97f4a7c15n;
  return Buffer.from(words.buffer, 0, lengthBytes);
}
