import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

/** Of a whole file: shows that the source stayed as it was. */
export function checksumOf(file: string): string {
  const hash = createHash("sha256");
  const piece = new Uint8Array(4 << 20);
  const fd = openSync(file, "r");
  try {
    for (let length = readSync(fd, piece); length > 0; length = readSync(fd, piece)) hash.update(piece.subarray(0, length));
    return hash.digest("hex");
  } finally {
    closeSync(fd);
  }
}
