import type { OverlaySource } from "../../../source/overlay.ts";
import type { Geometry } from "../boot-sector.ts";
import type { Draft } from "./draft.ts";

/** Records that $MFTMirr repeats in any case. */
const MIRRORED_RECORDS = 4;

/** Where the replay has changed one of the first records of $MFT, its copy in $MFTMirr follows, as Windows writes both. */
export function updateMirror(draft: Draft, overlay: OverlaySource, geometry: Geometry): void {
  const { recordBytes, clusterBytes, mftLcn, mftMirrorLcn } = geometry;
  const records = new Uint8Array(MIRRORED_RECORDS * recordBytes);
  if (mftMirrorLcn < 0 || mftMirrorLcn * clusterBytes + records.length > overlay.sizeBytes) return;
  if (!draft.hasChanged(mftLcn, Math.ceil(records.length / clusterBytes))) return;
  overlay.readSync(records, mftLcn * clusterBytes);
  overlay.write(records, mftMirrorLcn * clusterBytes);
}
