import { NomountError } from "../../../src/error.ts";
import type { FuzzModule } from "../fuzz-module.ts";
import { original } from "../originals.ts";

/** For the test of the runner: errors of both kinds, and a message that does not help. */
export const fuzz: FuzzModule = {
  name: "throws",
  originals: () => [original("zeros", new Uint8Array(16))],
  run({ bytes }) {
    const [first = 0, second = 0, third = 0] = bytes;
    if (first !== 0) throw new TypeError("cannot read properties of nothing");
    if (second !== 0) throw new NomountError("corrupt", `test: expected ${undefined}`);
    if (third !== 0) throw new NomountError("corrupt", `test: third byte: expected 0, found ${third}`);
  },
};
