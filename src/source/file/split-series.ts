import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { NomountError } from "../../error.ts";

/**
 * The parts of a split raw image, when `path` names the first: "disk.001" or "disk.000" and on (three digits or more, as
 * dd-like imagers write them), or "disk.aa", "xaa" and on (split(1)). Undefined when `path` is a file of its own. Throws
 * `source` when a part is missing between others, when `path` names a later part, or when the folder cannot be listed.
 */
export function splitSeries(path: string): readonly string[] | undefined {
  const folder = dirname(path);
  const named = partOf(basename(path));
  if (named === undefined) return undefined;
  const present = new Map<number, string>();
  for (const name of namesIn(folder, path)) {
    const other = partOf(name);
    if (other?.stem === named.stem && other.kind === named.kind && other.width === named.width) present.set(other.index, name);
  }
  const first = named.kind === "digits" && !present.has(0) ? 1 : 0;
  if (!present.has(first) || present.size === 1) return undefined;
  if (named.index !== first) {
    if (named.kind === "letters" && !present.has(named.index - 1)) return undefined;
    throw new NomountError("source", `${path} is a later part of a split image: name the first, ${present.get(first)}`);
  }
  const parts: string[] = [];
  for (let index = first; ; index++) {
    const name = present.get(index);
    if (name !== undefined) {
      parts.push(folder === "." && !path.startsWith("./") ? name : `${folder}/${name}`);
      continue;
    }
    const later = [...present.keys()].filter(
      (other) => other > index && (named.kind === "digits" || other - index < NEAR_LETTERS),
    );
    if (later.length === 0) return parts.length > 1 ? parts : undefined;
    const missing = named.stem + suffix(named, index);
    const next = present.get(Math.min(...later));
    throw new NomountError("source", `${missing} is missing from the split image ${path}, though ${next} is there`);
  }
}

/** "disk.aa" and "disk.ab" may lie beside a "disk.gz": what is further off than this is another file. */
const NEAR_LETTERS = 26;

interface Part {
  readonly stem: string;
  readonly kind: "digits" | "letters";
  readonly width: number;
  readonly index: number;
}

function partOf(name: string): Part | undefined {
  const numbered = /^(.*\.)(\d{3,})$/.exec(name);
  if (numbered !== null) {
    const [, stem = "", digits = ""] = numbered;
    return { stem, kind: "digits", width: digits.length, index: Number(digits) };
  }
  const lettered = /^(x|.*[^a-z])(z[a-z]{3}|[a-z]{2,3})$/.exec(name);
  if (lettered === null) return undefined;
  const [, stem = "", letters = ""] = lettered;
  if (letters.length < 4) return { stem, kind: "letters", width: letters.length, index: letterNumber(letters) };
  return { stem, kind: "letters", width: 2, index: WIDENED_AT + letterNumber(letters.slice(1)) };
}

function suffix({ kind, width }: Part, index: number): string {
  if (kind === "digits") return String(index).padStart(width, "0");
  return width === 2 && index >= WIDENED_AT ? `z${letterText(index - WIDENED_AT, 3)}` : letterText(index, width);
}

/** After "yz" GNU split goes on with "zaaa", so that names still sort; this is the number of "zaaa". */
const WIDENED_AT = 25 * 26;

const LETTER_A = "a".charCodeAt(0);

function letterNumber(letters: string): number {
  let value = 0;
  for (const letter of letters) value = value * 26 + letter.charCodeAt(0) - LETTER_A;
  return value;
}

function letterText(value: number, width: number): string {
  let letters = "";
  for (let rest = value; letters.length < width; rest = Math.floor(rest / 26)) {
    letters = String.fromCharCode(LETTER_A + (rest % 26)) + letters;
  }
  return letters;
}

function namesIn(folder: string, path: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    const message = `${path} is named as a part of a split image is, but ${folder} cannot be listed to find the others`;
    throw new NomountError("source", message, { cause });
  }
}
