export const UPCASE_BYTES = 128 * 1024;

/** The volume's table of capitals, by which names are compared. */
export class Upcase {
  readonly #table: DataView;

  /** The content of $UpCase: one UTF-16LE unit for each of the 65,536. */
  constructor(table: DataView) {
    this.#table = table;
  }

  /** What stands in for a table that cannot be read: the capitals of today's Unicode where they are one unit long. */
  static builtIn(): Upcase {
    const table = new DataView(new ArrayBuffer(UPCASE_BYTES));
    for (let unit = 0; unit < UPCASE_BYTES / 2; unit++) {
      const capital = String.fromCharCode(unit).toUpperCase();
      table.setUint16(2 * unit, capital.length === 1 ? capital.charCodeAt(0) : unit, true);
    }
    return new Upcase(table);
  }

  /** The order of names in a directory's index: by capitals, a name before one that it begins. */
  compare(a: string, b: string): number {
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i++) {
      const unitA = a.charCodeAt(i);
      const unitB = b.charCodeAt(i);
      if (unitA === unitB) continue;
      const difference = this.#table.getUint16(2 * unitA, true) - this.#table.getUint16(2 * unitB, true);
      if (difference !== 0) return difference;
    }
    return a.length - b.length;
  }
}
