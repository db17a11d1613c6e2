/** The volume's table of capitals, by which names are compared. */
export class Upcase {
  readonly #table: Uint16Array;

  constructor(table: Uint16Array) {
    this.#table = table;
  }

  /** From the content of $UpCase: one UTF-16LE unit for each of the 65,536. */
  static fromBytes(bytes: Uint8Array): Upcase {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new Upcase(Uint16Array.from({ length: 65_536 }, (_, unit) => view.getUint16(unit * 2, true)));
  }

  /** What stands in for a table that cannot be read: the capitals of today's Unicode where they are one unit long. */
  static builtIn(): Upcase {
    return new Upcase(
      Uint16Array.from({ length: 65_536 }, (_, unit) => {
        const capital = String.fromCharCode(unit).toUpperCase();
        return capital.length === 1 ? capital.charCodeAt(0) : unit;
      }),
    );
  }

  /** The order of names in a directory's index: by capitals, a name before one that it begins. */
  compare(a: string, b: string): number {
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i++) {
      const unitA = a.charCodeAt(i);
      const unitB = b.charCodeAt(i);
      if (unitA === unitB) continue;
      const difference = (this.#table[unitA] ?? 0) - (this.#table[unitB] ?? 0);
      if (difference !== 0) return difference;
    }
    return a.length - b.length;
  }
}
