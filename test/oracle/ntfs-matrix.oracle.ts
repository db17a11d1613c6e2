import { compareVolumes } from "../support/ntfs-volumes.ts";

const MEBIBYTE = 1 << 20;

compareVolumes([
  [512, 1024, 1024],
  [512, 4096, 1024],
  [512, 65_536, 1024],
  [512, 2 * MEBIBYTE, 1024],
  [1024, 1024, 1024],
  [2048, MEBIBYTE, 2048],
  [4096, 65_536, 4096],
  [4096, 2 * MEBIBYTE, 4096],
  [512, 4096, 4096],
  [512, 65_536, 4096],
  [512, 2 * MEBIBYTE, 4096],
]);
