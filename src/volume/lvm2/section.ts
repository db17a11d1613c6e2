import { NomountError } from "../../error.ts";

/**
 * The text in which LVM2 keeps its metadata (libdm/libdm-config.c, lvm.conf(5)): sections in braces, `key = value` with
 * integers, reals, strings and lists of them, comments from `#` to the end of the line.
 */
export type ConfigValue = number | string | readonly (number | string)[] | ConfigSection;

/** One section, with what is needed to say where a value is wrong. */
export class ConfigSection {
  /** The chain of names from the top: "vg0/logical_volumes/root". */
  readonly path: string;
  readonly label: string;
  readonly #entries = new Map<string, ConfigValue>();

  constructor(path: string, label: string) {
    this.path = path;
    this.label = label;
  }

  /** The first of two equal keys counts, as in lvm2. */
  add(key: string, value: ConfigValue): void {
    if (!this.#entries.has(key)) this.#entries.set(key, value);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** The sub-sections, in the order of the text. */
  *sections(): Generator<readonly [string, ConfigSection]> {
    for (const [key, value] of this.#entries) if (value instanceof ConfigSection) yield [key, value];
  }

  section(key: string): ConfigSection {
    const value = this.optionalSection(key);
    return value ?? this.#wrong(key, "a section", undefined);
  }

  optionalSection(key: string): ConfigSection | undefined {
    const value = this.#entries.get(key);
    return value === undefined || value instanceof ConfigSection ? value : this.#wrong(key, "a section", value);
  }

  string(key: string): string {
    return this.optionalString(key) ?? this.#wrong(key, "a string", undefined);
  }

  optionalString(key: string): string | undefined {
    const value = this.#entries.get(key);
    return value === undefined || typeof value === "string" ? value : this.#wrong(key, "a string", value);
  }

  /** A count or a position: no less than 0, no more than 2^53 - 1. */
  integer(key: string): number {
    return this.optionalInteger(key) ?? this.#wrong(key, "an integer", undefined);
  }

  optionalInteger(key: string): number | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !Number.isInteger(value)) return this.#wrong(key, "an integer", value);
    if (value < 0 || !Number.isSafeInteger(value)) return this.#wrong(key, "an integer of 0 to 2^53 - 1", value);
    return value;
  }

  /** A list; a lone value stands for a list of one, and a key that is not there for an empty one. */
  list(key: string): readonly (number | string)[] {
    const value = this.#entries.get(key);
    if (value === undefined) return [];
    if (value instanceof ConfigSection) return this.#wrong(key, "a list", value);
    return typeof value === "string" || typeof value === "number" ? [value] : value;
  }

  strings(key: string): readonly string[] {
    const strings: string[] = [];
    for (const value of this.list(key)) {
      if (typeof value !== "string") return this.#wrong(key, "a list of strings", this.#entries.get(key));
      strings.push(value);
    }
    return strings;
  }

  /** The strings that are or stand in the values of these keys, whatever else is there. */
  namesIn(keys: readonly string[]): readonly string[] {
    const values = keys.flatMap((key) => {
      const value = this.#entries.get(key);
      return value === undefined || value instanceof ConfigSection ? [] : value;
    });
    return values.filter((value) => typeof value === "string");
  }

  #wrong(key: string, expected: string, found: ConfigValue | undefined): never {
    throw new NomountError(
      "corrupt",
      `lvm2: metadata text: ${this.path === "" ? "" : `${this.path}: `}${key}: expected ${expected}, found ${described(found)}`,
      { where: { label: this.label } },
    );
  }
}

function described(value: ConfigValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value instanceof ConfigSection) return "a section";
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "number" ? String(value) : "a list";
}
