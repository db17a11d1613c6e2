import { parseBootSector } from "../../../src/filesystem/ntfs/boot-sector.ts";
import { ntfs } from "../../../src/filesystem/ntfs/driver.ts";
import { recover } from "../../../src/filesystem/ntfs/log/recover.ts";
import { journalState } from "../../../src/filesystem/ntfs/log/state.ts";
import { walk } from "../../../src/filesystem/walk.ts";
import type { BlockSource } from "../../../src/source/block-source.ts";
import { operationCases } from "../../support/ntfs-log/cases.ts";
import { formCases } from "../../support/ntfs-log/forms.ts";
import { LoggedVolume } from "../../support/ntfs-log/volume.ts";
import type { FuzzModule } from "../fuzz-module.ts";
import { logOriginals } from "../ntfs-log-originals.ts";
import { useFileSystem } from "../use-file-system.ts";

/** A log for each form of the log, and for each kind of structure that changes. */
const USED = [
  "version 2.0",
  "round the end of the log",
  "the last page in its copies only, version 2.0",
  "tables of 32-bit Windows",
  "undone in part when the machine stopped",
  "begun before the checkpoint",
  "CreateAttribute",
  "AddIndexEntryRoot, not committed",
  "AddIndexEntryAllocation",
  "WriteEndOfIndexBuffer, not committed",
  "UpdateMappingPairs",
  "SetBitsInNonresidentBitMap",
];

/**
 * Logs of NTFS: whatever they hold is replayed, or named, and then nothing is changed. What a replay leaves can be read no worse
 * than before, unless the reading says so.
 */
export const fuzz: FuzzModule = {
  name: "ntfs-log",
  originals() {
    const volume = new LoggedVolume();
    const cases = [...operationCases(volume), ...formCases(volume)].filter(({ name }) => USED.includes(name));
    return cases.map(({ name, image }) => logOriginals(name, new Uint8Array(image()), volume.logOffset));
  },
  run({ source, random }) {
    if (!ntfs.probe(source)) return;
    const unreplayed = ntfs.open(source, { replay: false });
    if (unreplayed.state.journal?.dirty !== true) return;
    const sector = new Uint8Array(512);
    source.readSync(sector, 0);
    const recovery = recover(source, parseBootSector(sector, source, 0), unreplayed.content(2));
    const { summary, replayed, stopped } = journalState(recovery.findings);
    if (summary === "" || /NaN|undefined/.test(summary)) throw new Error(`the journal's state is ${summary}`);
    if (stopped !== undefined && (replayed || recovery.source !== source)) throw new Error("it stopped, and changed something");
    if (!replayed && stopped === undefined && recovery.findings.restart !== "damaged")
      throw new Error("neither replayed nor stopped");
    checkNamesLost(source, recovery.source);
    recovery.close();
    if (random.chance(0.02)) useFileSystem(ntfs.open(source), random);
  },
};

/** The logs add or take away one name at most: where more are gone, the reading must have said something. */
function checkNamesLost(before: BlockSource, after: BlockSource): void {
  if (before === after) return;
  const [old, now] = [before, after].map((source) => {
    const fileSystem = ntfs.open(source, { replay: false });
    let damaged = fileSystem.state.warning !== "$LogFile needs replay: the newest changes are only in it";
    const paths = new Set<string>();
    const onDamage = () => {
      damaged = true;
    };
    for (const { path } of walk(fileSystem, fileSystem.node(fileSystem.root), onDamage)) paths.add(path);
    return { paths, damaged };
  });
  if (old === undefined || now === undefined || now.damaged) return;
  const lost = [...old.paths].filter((path) => !now.paths.has(path));
  // A directory takes those below it along.
  const tops = lost.filter((path) => !lost.some((other) => path.startsWith(`${other}/`)));
  if (tops.length > MOST_LOST) throw new Error(`lost without a word: ${tops.join(", ")}`);
}

/** A log that cuts an index block short, as one of the originals does before it is undone, takes all behind the place. */
const MOST_LOST = 11;
