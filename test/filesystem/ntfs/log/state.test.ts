import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NomountError } from "../../../../src/error.ts";
import { ntfs } from "../../../../src/filesystem/ntfs/driver.ts";
import { OPERATION } from "../../../../src/filesystem/ntfs/log/operations.ts";
import { resolvePath } from "../../../../src/filesystem/path.ts";
import { MemorySource } from "../../../../src/source/memory.ts";
import { FailingSource } from "../../../support/failing-source.ts";
import { bytesOf, NtfsImage } from "../../../support/ntfs-image.ts";
import { commit } from "../../../support/ntfs-log/cases.ts";
import { LoggedVolume } from "../../../support/ntfs-log/volume.ts";
import { repositoryFolder } from "../../../support/repository.ts";

const volume = new LoggedVolume();
const RESIDENT = "/data/resident";

/** A log in which a file's "tiny" becomes "TINY". */
function capitals(options: Parameters<LoggedVolume["log"]>[0] = {}) {
  const log = volume.log(options);
  const number = volume.image.id(RESIDENT);
  const target = volume.record(number);
  const recordOffset = volume.attributeOffset(number, 0x80);
  const attributeOffset = target.bytes.readUInt16LE(recordOffset + 20);
  const { updateResidentValue: update } = OPERATION;
  const data = { redo: [update, Buffer.from("TINY")], undo: [update, Buffer.from("tiny")] } as const;
  commit(log, target, { recordOffset, attributeOffset, ...data });
  return log;
}

function contentOf(image: Uint8Array, replay = true): string {
  const fileSystem = ntfs.open(new MemorySource(image, "volume"), { replay });
  return bytesOf(fileSystem.content(resolvePath(fileSystem, RESIDENT).node.id)).toString();
}

describe("the state of the log", () => {
  const open = (image: Uint8Array, replay = true) => ntfs.open(new MemorySource(image, "volume"), { replay }).state;

  test.each(["1.1", "2.0"] as const)("dirty, version %s: replayed in memory", (version) => {
    const image = volume.withLog(capitals({ version }).build());
    expect(open(image)).toEqual({
      clean: false,
      warning: undefined,
      journal: {
        dirty: true,
        replayed: true,
        transactions: 1,
        blocks: 1,
        summary: `dirty, version ${version}, 1 transaction, 1 cluster; replayed in memory`,
        stopped: undefined,
      },
    });
    expect(contentOf(image)).toBe("TINY");
    expect(open(image, false)).toMatchObject({
      warning: "$LogFile needs replay: the newest changes are only in it",
      journal: { dirty: true, replayed: false, summary: `dirty, version ${version}; not replayed` },
    });
    expect(contentOf(image, false)).toBe("tiny");
  });

  test("closed in order: clean, and what is in it is old", () => {
    const image = volume.withLog(capitals().build({ closed: true }));
    expect(open(image)).toMatchObject({ clean: true, journal: { summary: "clean, version 1.1", dirty: false } });
    expect(contentOf(image)).toBe("tiny");
  });

  test("filled with 0xff: reset by another driver", () => {
    const { clean, journal } = open(volume.withLog(Buffer.alloc(volume.logBytes, 0xff)));
    expect([clean, journal?.summary]).toEqual([true, "empty: never used by Windows, or reset by another driver"]);
  });

  test("made obsolete by a check of the disk", () => {
    const log = capitals().build();
    for (const at of [0, 4096]) log.write("CHKD", at, "latin1");
    expect(open(volume.withLog(log)).journal?.summary).toBe("clean, version 1.1; a check of the disk has made it obsolete");
  });

  test("without a restart page that is whole: damaged", () => {
    const log = capitals().build();
    for (const at of [510, 4096 + 510]) log[at] = (log[at] ?? 0) ^ 1;
    const { clean, warning, journal } = open(volume.withLog(log));
    expect([clean, warning]).toEqual([false, "$LogFile begins with no restart page that is whole"]);
    expect(journal).toMatchObject({
      dirty: true,
      replayed: false,
      summary: "damaged: it begins with no restart page that is whole",
    });
  });

  test.each([0, 4096])("with the restart page at %i torn: the other is used", (at) => {
    const log = capitals().build();
    log[at + 510] = (log[at + 510] ?? 0) ^ 1;
    expect(contentOf(volume.withLog(log))).toBe("TINY");
  });

  test("a version that is not known is not replayed", () => {
    const log = capitals().build();
    for (const at of [0, 4096]) log.writeUInt16LE(3, at + 0x1c);
    const image = volume.withLog(log);
    expect(open(image).journal?.summary).toMatch(/^dirty, version 3\.1; not replayed; stopped: .*expected 1\.1 or 2\.0/);
    expect(contentOf(image)).toBe("tiny");
  });
});

describe("what a log costs", () => {
  const readsOf = (image: Uint8Array, replay: boolean) => {
    const source = new FailingSource(Buffer.from(image));
    ntfs.open(source, { replay });
    return source.reads;
  };

  test("one that is clean, or not to be replayed, costs no read more than an empty one", () => {
    const empty = readsOf(volume.withLog(Buffer.alloc(volume.logBytes, 0xff)), true);
    expect(readsOf(volume.withLog(capitals().build({ closed: true })), true)).toBe(empty);
    expect(readsOf(volume.withLog(capitals().build()), false)).toBe(empty);
    expect(readsOf(volume.withLog(capitals().build()), true)).toBeGreaterThan(empty);
  });
});

test("a source that fails at its Nth read, for every N: the log is replayed, or why not is said", () => {
  const image = volume.withLog(capitals({ version: "2.0" }).build());
  const counted = new FailingSource(image);
  ntfs.open(counted);
  for (let n = 1; n <= counted.reads; n++) {
    const source = new FailingSource(image, { failsAtRead: n });
    try {
      const { journal, warning } = ntfs.open(source).state;
      expect(journal?.replayed === true || warning !== undefined, `read ${n}`).toBe(true);
    } catch (error) {
      expect(error, `read ${n}`).toBeInstanceOf(NomountError);
    }
  }
});

describe("hiberfil.sys", () => {
  /** The file "data/plain" under that name in the root, with its first bytes. */
  function withHibernation(mark: string): Uint8Array {
    const image = new NtfsImage("ntfs-hibernated");
    const file = image.id("/hiberfil.sys");
    image.bytes.write(mark, image.place(image.intact.content(file), 0), "latin1");
    return image.bytes;
  }

  test("the fixture is one that ntfs-3g takes for hibernated", () => {
    const { said } = JSON.parse(readFileSync(join(repositoryFolder, "fixtures/ntfs-hibernated.json"), "utf8"));
    expect(said).toContain("Windows is hibernated, refused to mount.");
  });

  test.each(["hibr", "HIBR"])("%s: hibernated or fast-started, and said", (mark) => {
    const { clean, warning } = ntfs.open(new MemorySource(withHibernation(mark))).state;
    expect(clean).toBe(false);
    expect(warning).toBe("Windows is hibernated or fast-started on it: what it holds in memory is missing here");
  });

  test.each(["wake", "WAKE", "RSTR", "\0\0\0\0"])("%j: Windows has left it, or never slept", (mark) => {
    expect(ntfs.open(new MemorySource(withHibernation(mark))).state).toMatchObject({ clean: true, warning: undefined });
  });
});
