import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { image } from "../bench/images/all.ts";
import type { ImageFacts } from "../bench/images/folder.ts";
import { scratchFolder } from "../support/fixture.ts";
import { type Manifest, manifestOf } from "../support/manifest.ts";
import { withFreshFolder, withMounted } from "../support/mount.ts";
import { nomountCommand } from "../support/nomount.ts";
import { type SshServer, startSshd } from "../support/sshd.ts";
import { canLoopMount, describeIf, has, isRoot } from "../support/tools.ts";
import { ntfsTreeImage } from "./tree-ntfs-image.ts";
import { expectSameTree, shell } from "./whole-tree.ts";

const able = isRoot && canLoopMount && has("sshd", "sftp", "getfattr", "ntfs-3g");
const SPECIAL = ["fifo", "char", "block", "socket"];

for (const quick of [true, false])
  for (const type of ["ext4", "ntfs"] as const) {
    const title = `${quick ? "a small tree" : "a Debian root tree"} on ${type}, sent over SFTP`;
    describeIf(able, "root, a free loop device, sshd, sftp, ntfs-3g and getfattr are needed", title, () => {
      const scratch = scratchFolder();
      let disk: ImageFacts;
      let expected: Manifest = new Map();
      let server: SshServer;

      beforeAll(async () => {
        disk = type === "ext4" ? image("tree", "ext4", quick) : ntfsTreeImage(quick);
        expected = await withMounted(disk, manifestOf);
        server = await startSshd(join(scratch.path, "sshd"));
      });
      afterAll(async () => server?.kill());

      test("lies there as a read-only mount shows it, and the system's own client fetches it back", async () => {
        await withFreshFolder(async (folder) => {
          const [far, back] = [`${folder}/far`, `${folder}/back`];
          const login = `-i "${server.identity}"`;
          const sent = shell(
            `${nomountCommand} cp ${login} --known-hosts "${server.knownHosts}" --ssh-config /dev/null --owners --streams none ` +
              `"${disk.file}" ${type === "ntfs" ? "p1:/" : "/"} "sftp://root@127.0.0.1:${server.port}${far}"`,
          );
          expect(sent.stderr).not.toContain("failed:");
          expectSameTree(expected, await manifestOf(far), {
            ignore: type === "ext4" ? ["accessedNs", "xattrs"] : ["accessedNs", "xattrs", "uid", "gid", "mode"],
            timeStepNs: 1_000_000_000n,
            without: ({ path, kind }) => path === "" || SPECIAL.includes(kind),
          });
          mkdirSync(back);
          // Links it leaves out when it fetches a folder.
          const fetched = shell(
            `sftp -q -r ${login} -o UserKnownHostsFile="${server.knownHosts}" -P ${server.port} "root@127.0.0.1:${far}/." "${back}"`,
          );
          expect(fetched.status, fetched.stderr).toBe(0);
          expectSameTree(expected, await manifestOf(back), {
            ignore: ["mode", "uid", "gid", "modifiedNs", "accessedNs", "xattrs", "linkCount", "sameAs"],
            without: ({ path, kind }) => path === "" || [...SPECIAL, "symlink"].includes(kind),
          });
        });
      });
    });
  }
