import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canLoopMount, describeIf, has, isRoot } from "../../support/tools.ts";
import { ownState } from "./agreement.ts";
import { attempt, command } from "./command.ts";
import { expectAgreement } from "./comparison.ts";
import type { DirtyImage } from "./dirty-images.ts";
import { refusalOf } from "./kernel-view.ts";
import { openReflinkFolder, type ReflinkFolder } from "./reflink-folder.ts";

/** The source of e2fsprogs, whose tests bring filesystems with journals to recover, sound and damaged; the build keeps it there. */
const folders = [process.env["NOMOUNT_E2FSPROGS"], join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "nomount")];
const archive = folders.map(archiveIn).find((path) => path !== undefined);
const IMAGES = "*/tests/j_*/image.gz";
const members =
  archive === undefined ? [] : attempt("tar", "-tzf", archive, "--wildcards", IMAGES).stdout.split("\n").filter(Boolean);
const nameOf = (member: string) => member.split("/").at(-2) ?? member;
/** A device that holds nothing but a journal. */
const DEVICES = new Set(["j_ext_dumpe2fs"]);
/** Linux from 6.9 on reads the revocations even of a transaction without a commit block, and refuses to mount for a wrong one. */
const REFUSED_FOR_NOTHING = new Set(["j_corrupt_revoke_block"]);
const able = members.length > 0 && isRoot && canLoopMount && has("mkfs.xfs", "getfattr", "tar");

describeIf(able, "the source of e2fsprogs, root, loop devices, mkfs.xfs, getfattr are needed", "an image of e2fsprogs", () => {
  let folder: ReflinkFolder;
  beforeAll(() => {
    folder = openReflinkFolder(2);
    mkdirSync(join(folder.path, "images"));
    command("tar", "-xzf", archive ?? "", "-C", folder.path, "--wildcards", IMAGES);
  });
  afterAll(() => folder?.close());

  test.for(members.filter((member) => !DEVICES.has(nameOf(member))).map((member) => [nameOf(member), member] as const))(
    "%s",
    async ([name, member]) => {
      const file = join(folder.path, "images", `${name}.img`);
      writeFileSync(file, gunzipSync(readFileSync(join(folder.path, member))));
      const image: DirtyImage = { file, sizeBytes: statSync(file).size, kind: { name, make: [] } };
      if (REFUSED_FOR_NOTHING.has(name)) {
        const journal = await ownState(image);
        console.log(`${name}: ${journal?.summary}`);
        expect([journal?.stopped, refusalOf(image)?.changed]).toEqual([undefined, false]);
      } else await expectAgreement(image);
      rmSync(file);
    },
  );
});

function archiveIn(folder: string | undefined): string | undefined {
  if (folder === undefined || statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  const name = readdirSync(folder).find((candidate) => /^e2fsprogs[-_].*\.tar\.gz$/.test(candidate));
  return name === undefined ? undefined : join(folder, name);
}
