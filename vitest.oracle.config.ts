import { defineConfig } from "vitest/config";

/** Whole real trees, for which `npm test` has no time: `npm run test:oracle`. */
export default defineConfig({
  test: {
    include: ["test/oracle/**/*.oracle.ts"],
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
    fileParallelism: false,
  },
});
