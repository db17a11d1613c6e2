/** Bytes that tell where they are: each 8 bytes hold their own position, so that a misplaced piece shows. */
export function countedBytes(lengthBytes: number, startBytes = 0): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(lengthBytes / 8) * 8);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 8) view.setFloat64(at, startBytes + at, true);
  return bytes.subarray(0, lengthBytes);
}
