import type { FuzzModule } from "../fuzz-module.ts";
import { original } from "../originals.ts";

/** For the test of the runner: does not come back when the first byte is odd. */
export const fuzz: FuzzModule = {
  name: "hangs",
  limits: { milliseconds: 300 },
  originals: () => [original("zeros", new Uint8Array(16))],
  run({ bytes }) {
    while ((bytes[0] ?? 0) % 2 === 1);
  },
};
