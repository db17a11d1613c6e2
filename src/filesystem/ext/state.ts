import type { BlockSource } from "../../source/block-source.ts";
import type { JournalState, State } from "../file-system.ts";
import type { Superblock } from "./superblock.ts";

/** Whether the filesystem was left in order, and what of it may be missing here. */
export function stateOf(superblock: Superblock, source: BlockSource, journal: JournalState | undefined): State {
  const { features, blockCount, blockBytes, cleanlyUnmounted, hasErrors } = superblock;
  const needsRecovery = features.names.has("needs_recovery");
  const warnings: string[] = [];
  if (journal?.stopped !== undefined) {
    const extent = journal.replayed ? " to its end" : "";
    warnings.push(`its journal cannot be replayed${extent}, and its own kernel would not mount it: ${journal.stopped.message}`);
  } else if (needsRecovery) warnings.push("journal needs recovery: the newest changes are only in it");
  else if (!cleanlyUnmounted) warnings.push("it was not unmounted cleanly: the newest changes may be missing or half done");
  if (hasErrors) warnings.push("its kernel found errors in it, which fsck has not yet mended");
  if (blockCount * blockBytes > source.sizeBytes) {
    warnings.push(
      `it is ${blockCount * blockBytes} bytes long, but ends at byte ${source.sizeBytes}: what lies beyond cannot be read`,
    );
  }
  return {
    clean: cleanlyUnmounted && !needsRecovery && !hasErrors && journal?.dirty !== true,
    warning: warnings.length === 0 ? undefined : warnings.join("; "),
    ...(journal === undefined ? {} : { journal }),
  };
}

/** What dumpe2fs(8) would tell, as far as it says something of the files. */
export function detailsOf(superblock: Superblock): Record<string, string | number | boolean | readonly string[]> {
  const { features, blockBytes, clusterBytes, errorCount, lastMountedOn } = superblock;
  const details: Record<string, string | number | boolean | readonly string[]> = {
    revision: superblock.revision,
    blockBytes,
    ...(clusterBytes === blockBytes ? {} : { clusterBytes }),
    inodeBytes: superblock.inodeBytes,
    inodeCount: superblock.inodeCount,
    freeInodeCount: superblock.freeInodeCount,
    features: [...features.names],
    mountCount: superblock.mountCount,
    errorCount,
    hasOrphans: superblock.hasOrphans,
  };
  if (lastMountedOn !== "") details["lastMountedOn"] = lastMountedOn;
  for (const [name, time] of [
    ["created", superblock.createdNs],
    ["mounted", superblock.mountedNs],
    ["written", superblock.writtenNs],
  ] as const) {
    if (time !== undefined) details[name] = new Date(Number(time / 1_000_000n)).toISOString();
  }
  return details;
}
