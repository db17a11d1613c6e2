/**
 * Where data and parity of a row of chunks lie, for RAID 4, 5 and 6 (the kernel's drivers/md/raid5.c, raid5_compute_sector, and
 * md_p.h for the numbers of the layouts).
 */
export interface ParityLayout {
  /** 1: P only. 2: P and Q. */
  readonly parities: 1 | 2;
  row(row: number, devices: number): ParityRow;
}

/** One row of chunks, by device. */
export interface ParityRow {
  readonly p: number;
  /** -1 where there is none. */
  readonly q: number;
  /** The device of each data chunk, in the order of the data. */
  readonly data: readonly number[];
  /** The exponent of each data chunk in Q, in the same order. */
  readonly exponents: readonly number[];
}

/** `data` follows the parity round the devices, or keeps their order, leaving the parities out. */
type DataOrder = "round" | "ascending";

function layout5(order: DataOrder, p: (row: number, devices: number) => number): ParityLayout {
  return {
    parities: 1,
    row: (row, devices) => {
      const at = p(row, devices);
      return { p: at, q: -1, data: dataOf(order, devices, at, -1, at + 1), exponents: [] };
    },
  };
}

/** Q counts data in the order of the devices from the one behind Q on; with `byDevice` (DDF) by their own numbers. */
function layout6(
  order: DataOrder,
  p: (row: number, devices: number) => number,
  q: (p: number, devices: number) => number,
  byDevice = false,
): ParityLayout {
  return {
    parities: 2,
    row: (row, devices) => {
      const pAt = p(row, devices);
      const qAt = q(pAt, devices);
      // The round begins behind the later of two parities that are neighbours.
      const behind = qAt === (pAt + 1) % devices ? pAt + 2 : pAt + 1;
      const data = dataOf(order, devices, pAt, qAt, behind);
      return { p: pAt, q: qAt, data, exponents: byDevice ? data : exponentsOf(data, devices, pAt, qAt) };
    },
  };
}

/** RAID 5 over all devices but the last, which always has Q. */
function layout6Last(order: DataOrder, p: (row: number, devices: number) => number): ParityLayout {
  return {
    parities: 2,
    row: (row, devices) => {
      const pAt = p(row, devices - 1);
      const data = dataOf(order, devices - 1, pAt, -1, pAt + 1);
      return { p: pAt, q: devices - 1, data, exponents: exponentsOf(data, devices, pAt, devices - 1) };
    },
  };
}

function dataOf(order: DataOrder, devices: number, p: number, q: number, from: number): readonly number[] {
  const data: number[] = [];
  for (let i = 0; i < devices; i++) {
    const device = order === "round" ? (from + i) % devices : i;
    if (device !== p && device !== q) data.push(device);
  }
  return data;
}

/** raid6_d0 and raid6_idx_to_slot of drivers/md/raid5.c. */
function exponentsOf(data: readonly number[], devices: number, p: number, q: number): readonly number[] {
  const slots = new Map<number, number>();
  const first = q === devices - 1 ? 0 : q + 1;
  for (let i = 0; i < devices; i++) {
    const device = (first + i) % devices;
    if (device !== p && device !== q) slots.set(device, slots.size);
  }
  return data.map((device) => slots.get(device) ?? 0);
}

const backward = (row: number, devices: number): number => devices - 1 - (row % devices);
const forward = (row: number, devices: number): number => row % devices;
const next = (p: number, devices: number): number => (p + 1) % devices;

/** By the numbers that md gives to layouts, which dm-raid uses too. */
const layouts5: ReadonlyMap<number, ParityLayout> = new Map([
  [0, layout5("ascending", backward)], // left asymmetric
  [1, layout5("ascending", forward)], // right asymmetric
  [2, layout5("round", backward)], // left symmetric
  [3, layout5("round", forward)], // right symmetric
  [4, layout5("ascending", () => 0)], // parity first
  [5, layout5("ascending", (_, devices) => devices - 1)], // parity last
]);

const layouts6: ReadonlyMap<number, ParityLayout> = new Map([
  [0, layout6("ascending", backward, next)],
  [1, layout6("ascending", forward, next)],
  [2, layout6("round", backward, next)],
  [3, layout6("round", forward, next)],
  [4, layout6("ascending", () => 0, next)],
  [5, layout6("ascending", (_, devices) => devices - 2, next)],
  [8, layout6("ascending", forward, next, true)], // rotating zero restart
  [9, layout6("ascending", (row, devices) => backward(row + 1, devices), next, true)], // rotating N restart
  [10, layout6("round", backward, (p, devices) => (p + devices - 1) % devices, true)], // rotating N continue
  [16, layout6Last("ascending", backward)],
  [17, layout6Last("ascending", forward)],
  [18, layout6Last("round", backward)],
  [19, layout6Last("round", forward)],
  [20, layout6Last("ascending", () => 0)],
]);

/** The layout of a level (4 and 5 are one) by md's number for it; undefined where there is no such layout. */
export function parityLayout(level: 4 | 5 | 6, number: number): ParityLayout | undefined {
  return (level === 6 ? layouts6 : layouts5).get(number);
}
