import { expect } from "vitest";
import { describeDifferences } from "../../support/compare-manifests.ts";
import { agreement, ownState, ownView } from "./agreement.ts";
import { checksumOf } from "./checksum.ts";
import type { DirtyImage } from "./dirty-images.ts";
import { kernelView, refusalOf } from "./kernel-view.ts";

/** Of what the kernel's own failed replay has left in a state that it cannot read itself: EIO, EBADMSG and EUCLEAN, as Node names them. */
const UNREADABLE = new Set(["EIO", "Unknown system error -74", "Unknown system error -117"]);

/** A journal with a name; the mount marks it as empty. */
const JOURNAL_FILE = ".journal";

export interface Comparison {
  /** Of the journal, in nomount's words. */
  readonly summary: string;
  readonly refused: string | undefined;
  readonly entries: number;
}

/**
 * Expects nomount to show what the kernel shows of a copy of the image, and to write nothing. Where the kernel refuses to mount,
 * `stopped` says why, and nomount shows what the attempt has left on the copy: where nomount replays nothing, not a byte of the
 * copy may have changed.
 */
export async function expectAgreement(image: DirtyImage): Promise<Comparison> {
  const before = checksumOf(image.file);
  const journal = await ownState(image);
  const summary = `${image.kind.name}: ${journal?.summary ?? "no journal"}`;
  if (journal?.dirty === true && !journal.replayed) {
    const refusal = refusalOf(image);
    const said = `${summary}\n  the kernel: ${refusal?.refused ?? "mounts"}`;
    console.log(said);
    expect([journal.stopped !== undefined, refusal !== undefined, refusal?.changed], said).toEqual([true, true, false]);
    expect(checksumOf(image.file), "the image was written to").toBe(before);
    return { summary, refused: refusal?.refused, entries: 0 };
  }
  const own = await ownView(image);
  expect(checksumOf(image.file), "the image was written to").toBe(before);
  const kernel = await kernelView(image).catch((error: unknown) => {
    // Its own attempt can leave a directory that it finds corrupted: then there is nothing to compare with.
    const { code = "" } = error as NodeJS.ErrnoException;
    if (journal?.stopped === undefined || !UNREADABLE.has(code)) throw error;
    return undefined;
  });
  if (kernel === undefined) {
    const refused = refusalOf(image)?.refused;
    console.log(`${summary}\n  the kernel: ${refused}\n  and what it leaves cannot be read`);
    expect(refused, summary).toBeDefined();
    return { summary, refused, entries: own.manifest.size };
  }
  const said = `${summary}; ${own.manifest.size} entries; ${Math.round(own.milliseconds)} ms`;
  console.log(kernel.refused === undefined ? said : `${said}\n  the kernel: ${kernel.refused}`);
  expect(journal?.stopped !== undefined, said).toBe(kernel.refused !== undefined);
  const { unexplained, stampedByTheMount } = agreement(kernel, own);
  const differing = unexplained.filter(
    ({ path, expected, facet }) =>
      !(facet === "sha256" && (path === JOURNAL_FILE || (kernel.refused !== undefined && UNREADABLE.has(expected)))),
  );
  expect(differing.length, `${said}\n${describeDifferences(differing)}`).toBe(0);
  if (!/fast commit/.test(summary)) {
    expect(stampedByTheMount.length, describeDifferences(stampedByTheMount)).toBe(0);
    if (kernel.refused === undefined) expect(own.freeBlocks, said).toBe(kernel.freeBlocks);
  }
  return { summary, refused: kernel.refused, entries: own.manifest.size };
}
