import type { FuzzModule } from "../fuzz-module.ts";
import { original } from "../originals.ts";

/** For the test of the runner: takes every failure for damage, and reads on for ever. */
export const fuzz: FuzzModule = {
  name: "reads",
  limits: { reads: 1000 },
  originals: () => [original("zeros", new Uint8Array(16))],
  run({ source, bytes }) {
    if (bytes.every((byte) => byte === 0)) return;
    for (let i = 0; i < 2000; i++) {
      try {
        source.readSync(new Uint8Array(1), 0);
      } catch {}
    }
  },
};
