import { type BigIntStats, readFileSync, readSync } from "node:fs";

/** A device as sysfs names it: "8:1". Linux's encoding of dev_t (include/linux/kdev_t.h, new_encode_dev and its 64-bit form). */
export function deviceNumber(rdev: bigint): string {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}

/** The size of an open block device: `stat` says 0, so the kernel's word in sysfs, or else the end found by reading. */
export function deviceSizeBytes(fd: number, stat: BigIntStats, sysfs = "/sys"): number {
  const sectors = numberIn(`${sysfs}/dev/block/${deviceNumber(stat.rdev)}/size`);
  return sectors === undefined ? endByReading(fd) : sectors * 512;
}

/** The logical sector of a device, or undefined where the kernel does not tell. Partitions have the queue of their disk. */
export function deviceSectorBytes(stat: BigIntStats, sysfs = "/sys"): number | undefined {
  const folder = `${sysfs}/dev/block/${deviceNumber(stat.rdev)}`;
  return numberIn(`${folder}/queue/logical_block_size`) ?? numberIn(`${folder}/../queue/logical_block_size`);
}

/** The first position from which nothing can be read: doubled until past the end, then halved down to the sector. */
export function endByReading(fd: number): number {
  const byte = new Uint8Array(1);
  const has = (position: number): boolean => {
    try {
      return readSync(fd, byte, 0, 1, position) === 1;
    } catch {
      return position < LARGEST_BYTES; // a bad sector is not the end
    }
  };
  if (!has(0)) return 0;
  let inside = 0;
  let beyond = 512;
  while (beyond < LARGEST_BYTES && has(beyond)) {
    inside = beyond;
    beyond *= 2;
  }
  while (beyond - inside > 1) {
    const middle = inside + Math.floor((beyond - inside) / 2);
    if (has(middle)) inside = middle;
    else beyond = middle;
  }
  return beyond;
}

const LARGEST_BYTES = 2 ** 53;

function numberIn(path: string): number | undefined {
  try {
    const value = Number(readFileSync(path, "latin1"));
    return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  } catch {
    return undefined;
  }
}
