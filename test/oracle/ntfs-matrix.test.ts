import { compareVolumes } from "../support/ntfs-volumes.ts";

/** One of each kind; `ntfs-matrix.oracle.ts` has the rest. */
compareVolumes([
  [512, 512, 1024],
  [512, 131_072, 1024],
  [2048, 2048, 2048],
  [4096, 4096, 4096],
]);
