import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requireFreshBuild, runBuilt } from "../support/built-command.ts";
import { compareManifests, describeDifferences } from "../support/compare-manifests.ts";
import { scratchFolder, unpackFixture } from "../support/fixture.ts";
import { manifestOf } from "../support/manifest.ts";
import { type SshServer, startSshd } from "../support/sshd.ts";
import { describeWith } from "../support/tools.ts";

const scratch = scratchFolder();

describeWith(["sshd", "ssh-keygen", "getfattr", "tar"], "cp to a server over SFTP", () => {
  let server: SshServer;
  let image: string;
  beforeAll(async () => {
    requireFreshBuild();
    image = unpackFixture("guest-disk", scratch.path);
    server = await startSshd(join(scratch.path, "sshd"));
  });
  afterAll(async () => server?.kill());

  /** No agent, configuration or known hosts of whoever runs the tests. */
  function cp(...args: readonly string[]) {
    const env = { ...process.env, SSH_AUTH_SOCK: "", HOME: scratch.path, NOMOUNT_PASSWORD: "s3cret" };
    const access = ["--ssh-config", "/dev/null", "--known-hosts", server.knownHosts, "--identity", server.identity];
    return runBuilt(["cp", ...access, image, ...args], { env, timeout: 60_000 });
  }
  const address = (path: string): string => `sftp://${server.user}@127.0.0.1:${server.port}${path}`;
  const fresh = (): string => mkdtempSync(join(scratch.path, "to-"));

  test("a tree lies there as in a folder of this machine, and the summary says what it has lost", async () => {
    const [near, far] = [fresh(), fresh()];
    const { stderr: here } = await cp("p2:/etc", "p2:/var/lib/db", near);
    const { status, stderr, stdout } = await cp(
      "--jobs",
      "3",
      "--bwlimit",
      "100M",
      "p2:/etc",
      "p2:/var/lib/db",
      address(`${far}/new`),
    );
    expect([status, stdout.toString()]).toEqual([0, ""]);
    expect(stderr.split(" in ")[0]).toBe(here.split(" in ")[0]);
    expect(stderr).toContain("not kept: creation time");
    const differences = compareManifests(await manifestOf(near), await manifestOf(`${far}/new`), {
      ignore: ["accessedNs"],
      timeStepNs: 1_000_000_000n,
      without: ({ path }) => path === "",
    });
    expect(differences, describeDifferences(differences)).toEqual([]);
  });

  test("an archive is what tar writes here, and nothing lies beside it", async () => {
    const far = fresh();
    const { status, stderr } = await cp("-q", "p2:/etc", address(`${far}/in/etc.tar`));
    expect([status, stderr]).toEqual([0, ""]);
    const { stdout } = await runBuilt(["tar", "-q", image, "p2:/etc"]);
    expect(readdirSync(`${far}/in`)).toEqual(["etc.tar"]);
    expect(readFileSync(`${far}/in/etc.tar`).equals(stdout)).toBe(true);
  });

  test("a host that is not known is refused without a terminal: status 4, and nothing is there", async () => {
    const far = fresh();
    const none = join(scratch.path, "none");
    const { status, stderr } = await cp("--known-hosts", none, "p2:/etc", address(far));
    expect([status, existsSync(none), readdirSync(far)]).toEqual([4, false, []]);
    expect(stderr).toContain(`[127.0.0.1]:${server.port} is not known`);
  });

  test("a password is in no message, and in an address it is refused", async () => {
    const stranger = join(scratch.path, "stranger");
    writeFileSync(stranger, "no key");
    const far = fresh();
    const refused = await cp("--identity", stranger, "p2:/etc", address(far).replace(server.user, "nobody-here"));
    expect([refused.status, refused.stderr.includes("s3cret")]).toEqual([4, false]);
    const written = await cp("p2:/etc", "sftp://me:s3cret@127.0.0.1/");
    expect([written.status, written.stderr.includes("s3cret")]).toEqual([2, false]);
    expect(written.stderr).toContain("no password in an address");
  });
});
