// The little of tar that the build needs (POSIX.1-1988 ustar): taking a few files out, putting a few in.

const BLOCK_BYTES = 512;

/** The wanted files of an archive, their paths without the folder that holds everything. */
export function extract(archive, wanted) {
  const found = new Map();
  for (let at = 0; at + BLOCK_BYTES <= archive.length && archive[at] !== 0; ) {
    const header = archive.subarray(at, at + BLOCK_BYTES);
    const sizeBytes = Number.parseInt(text(header, 124, 12), 8) || 0;
    const prefix = text(header, 257, 5) === "ustar" ? text(header, 345, 155) : "";
    const path = (prefix === "" ? "" : `${prefix}/`) + text(header, 0, 100);
    const inside = path.slice(path.indexOf("/") + 1);
    const isFile = header[156] === 0x30 || header[156] === 0;
    const start = at + BLOCK_BYTES;
    if (isFile && wanted.includes(inside)) found.set(inside, archive.slice(start, start + sizeBytes));
    at = start + Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
  }
  for (const path of wanted) if (!found.has(path)) throw new Error(`wasm: the archive does not hold ${path}`);
  return found;
}

/** An archive of the files, always the same bytes for the same files. */
export function pack(files) {
  const parts = [];
  for (const [path, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const header = new Uint8Array(BLOCK_BYTES);
    const put = (offset, value) => header.set(new TextEncoder().encode(value), offset);
    if (path.length > 100) throw new Error(`wasm: ${path} is too long for this writer of tar`);
    put(0, path);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, `${bytes.length.toString(8).padStart(11, "0")}\0`);
    put(136, "00000000000\0");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    const sum = header.reduce((total, byte) => total + byte, 0);
    put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
    parts.push(header, bytes, new Uint8Array(-bytes.length & (BLOCK_BYTES - 1)));
  }
  parts.push(new Uint8Array(2 * BLOCK_BYTES));
  return Buffer.concat(parts);
}

function text(header, offset, length) {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end)).trim();
}
