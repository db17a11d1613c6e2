import { hex, NomountError, type Where } from "../../error.ts";

/** What wasm/glue found wrong: `struct problem` of glue.h. */
export interface Problem {
  readonly code: number;
  /** 0 where none is concerned. */
  readonly inode: number;
  /** A byte of the volume. */
  readonly placeBytes: number | undefined;
  readonly expected: bigint;
  readonly found: bigint;
}

export const PROBLEM_BYTES = 32;
const NOWHERE = 0xffff_ffff_ffff_ffffn;
export const CODE = { notADirectory: 1, read: 28 } as const;

export function readProblem(view: DataView, offset: number): Problem {
  const place = view.getBigUint64(offset + 8, true);
  return {
    code: view.getUint32(offset, true),
    inode: view.getUint32(offset + 4, true),
    placeBytes: place === NOWHERE || place > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(place),
    expected: view.getBigUint64(offset + 16, true),
    found: view.getBigUint64(offset + 24, true),
  };
}

type Words = (problem: Problem) => string;

/** By code: the structure, then what is wrong with it. `enum problem_code` of glue.h says what `expected` and `found` hold. */
const words: ReadonlyMap<number, Words> = new Map<number, Words>([
  [CODE.notADirectory, ({ found }) => `expected a directory, found mode 0${found.toString(8)}`],
  [2, ({ found }) => `directory: a hole of ${found} blocks`],
  [3, () => "directory block: its checksum does not match its content"],
  [4, ({ expected, found }) => `directory entry: expected a length of 12 to ${expected}, a multiple of 4, found ${found}`],
  [5, ({ expected, found }) => `directory entry: expected a name that fits its ${expected} bytes, found ${found} bytes`],
  [6, ({ found }) => `directory entry: its name holds the byte ${hex(found, 2)}`],
  [7, ({ expected, found }) => `directory entry: expected an inode from 1 to ${expected}, found ${found}`],
  [20, ({ expected, found }) => `extent node: expected magic ${hex(expected)}, found ${hex(found, 4)}`],
  [21, ({ expected, found }) => `extent node: expected depth ${expected}, found ${found}`],
  [22, ({ expected, found }) => `extent node: expected at most ${expected} entries, found ${found}`],
  [23, () => "extent node: its checksum does not match its content"],
  [24, ({ expected, found }) => `extent node: expected logical block ${expected} or above, in order, found ${found}`],
  [25, ({ found }) => `extent: a length of ${found} does not fit`],
  [26, ({ expected, found }) => `extent: expected blocks below ${expected}, found some from ${found}`],
  [27, ({ expected, found }) => `block pointer: expected a block below ${expected}, found ${found}`],
  [CODE.read, () => "could not be read"],
  [40, ({ expected, found }) => `expected an inode from 1 to ${expected}, found ${found}`],
  [41, ({ expected, found }) => `inode table: expected blocks below ${expected}, found some from ${found}`],
  [42, () => "its checksum does not match its content"],
  [43, ({ found }) => `extended attribute: its ${found} bytes are no ACL`],
]);

/** The error that says so. `libraryText` puts a code of libext2fs in words. */
export function problemError(
  problem: Problem,
  type: string,
  label: string,
  libraryText: (code: number) => string,
): NomountError {
  const said = words.get(problem.code)?.(problem) ?? (lowerFirst(libraryText(problem.code)) || `error ${problem.code}`);
  const subject = problem.inode === 0 ? "" : `inode ${problem.inode}: `;
  const where: Where = problem.placeBytes === undefined ? { label } : { label, offsetBytes: problem.placeBytes };
  const kind = problem.code === CODE.notADirectory ? "path" : "corrupt";
  return new NomountError(kind, `${type}: ${subject}${said}`, { where });
}

/** "Superblock checksum ..." begins no sentence here; "EXT2 ..." stays. */
function lowerFirst(text: string): string {
  return /^[A-Z][^A-Z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
