const UNITS = ["B", "K", "M", "G", "T", "P"];

/** A size as fdisk and `ls -h` print it: "512B", "1.5K", "7M". Powers of 1024, one decimal where there is one. */
export function shortSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Number(value.toFixed(1)) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = value.toFixed(1);
  return `${digits.endsWith(".0") ? digits.slice(0, -2) : digits}${UNITS[unit]}`;
}

/** A size in words: "512 bytes", "1.5 KiB", "7 MiB". */
export function longSize(bytes: number): string {
  if (bytes < 1024) return plural(bytes, "byte");
  const short = shortSize(bytes);
  return `${short.slice(0, -1)} ${short.slice(-1)}iB`;
}

/** "1 file", "3 files", "1 directory", "2 directories". */
export function plural(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}
