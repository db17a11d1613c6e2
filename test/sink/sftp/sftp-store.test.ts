import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { extract } from "../../../src/extract/extract.ts";
import { FolderSink } from "../../../src/sink/folder/folder-sink.ts";
import type { RemoteOptions } from "../../../src/sink/remote/remote-options.ts";
import { StoreTarget } from "../../../src/sink/remote/store-target.ts";
import { TreeSink } from "../../../src/sink/remote/tree-sink.ts";
import { connectSftp } from "../../../src/sink/sftp/connect.ts";
import { routeTo } from "../../../src/sink/sftp/route.ts";
import { type SftpOptions, SftpStore } from "../../../src/sink/sftp/sftp-store.ts";
import { StreamedSink } from "../../../src/sink/streamed-sink.ts";
import { TarSink } from "../../../src/sink/tar/tar-sink.ts";
import { compareManifests, describeDifferences } from "../../support/compare-manifests.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { everything } from "../../support/everything.ts";
import { FakeFileSystem, type FakeNode, folder, link } from "../../support/fake-file-system.ts";
import { type Faults, startFaultProxy } from "../../support/fault-proxy.ts";
import { scratchFolder } from "../../support/fixture.ts";
import { manifestOf } from "../../support/manifest.ts";
import { selectionOf } from "../../support/selection-of.ts";
import { type SshServer, startSshd } from "../../support/sshd.ts";
import { describeWith, isRoot } from "../../support/tools.ts";

const MIB = 1024 * 1024;
const scratch = scratchFolder();

describeWith(["sshd", "ssh-keygen", "getfattr"], "a tree over SFTP to OpenSSH's server", () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd(join(scratch.path, "sshd"));
  });
  afterAll(async () => server?.kill());

  function store(path: string, options: Partial<SftpOptions> = {}, port = server.port): SftpStore {
    const { user, identity, knownHosts } = server;
    const named = { host: "127.0.0.1", user, port };
    const hosts = routeTo(named, [], knownHosts).map((host) => ({
      ...host,
      hostKeyAlias: `[127.0.0.1]:${server.port}`,
      agent: undefined,
      identityFiles: [],
    }));
    const idleMs = options.idleMs ?? 20_000;
    const connect = () =>
      connectSftp({
        hosts: hosts.map((host) => ({ ...host })),
        idleMs,
        ask: async () => undefined,
        password: undefined,
        identityFiles: [identity],
      });
    return new SftpStore({ label: "sftp://test", path, idleMs, ...options }, connect);
  }

  function send(root: FakeNode, path: string, options: RemoteOptions & Partial<SftpOptions> = {}, port?: number) {
    const sink = new TreeSink(store(path, options, port), { pauseMs: 10, ...options });
    return extract([selectionOf(new FakeFileSystem(root))], sink);
  }

  async function through<T>(faults: Faults, work: (port: number) => Promise<T>) {
    const proxy = await startFaultProxy(server.port, faults);
    try {
      return { result: await work(proxy.port), connections: proxy.connections() };
    } finally {
      await proxy.close();
    }
  }

  const fresh = (): string => mkdtempSync(join(scratch.path, "to-"));

  test("arrives as a folder of this machine has it, but for what SFTP has no place for, and that is said", async () => {
    const [near, far] = [fresh(), fresh()];
    await extract([selectionOf(new FakeFileSystem(everything()))], new FolderSink(near));
    const report = await send(everything(), `${far}/in/side`, { owners: isRoot });
    expect(report.ended).toBeUndefined();
    expect(report.failed).toEqual([]);
    expect(new Set(report.losses.map(({ facet }) => facet))).toEqual(
      new Set(["mode", "nanoseconds", "modified", "xattr", "acl", "fifo", "device"]),
    );
    const differences = compareManifests(await manifestOf(near), await manifestOf(`${far}/in/side`), {
      ignore: ["xattrs", "accessedNs", ...(isRoot ? ([] as const) : (["uid", "gid"] as const))],
      timeStepNs: 1_000_000_000n,
      without: ({ path, kind }) =>
        path === "" || ["fifo", "char", "block"].includes(kind) || /1970|2242/.test(path) || path.startsWith("default list"),
    });
    expect(differences, describeDifferences(differences)).toEqual([]);
    expect(statSync(`${far}/in/side/holey`).blocks * 512).toBeLessThan(MIB);
  });

  /** Many small files and a large one, all of known bytes. */
  function several(): FakeNode {
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f${i}`, { content: countedBytes(i * 7) }]));
    return folder({ small: folder(files), "large file": { content: countedBytes(24 * MIB + 5) }, zero: { content: "" } });
  }

  function expectAll(far: string): void {
    expect(readdirSync(far).sort()).toEqual(["large file", "small", "zero"]);
    expect(readFileSync(`${far}/large file`).equals(countedBytes(24 * MIB + 5))).toBe(true);
    expect(readdirSync(`${far}/small`)).toHaveLength(60);
    for (let i = 0; i < 60; i++) expect(readFileSync(`${far}/small/f${i}`).equals(countedBytes(i * 7))).toBe(true);
  }

  test("a second run replaces what is there, and changes nothing", async () => {
    const far = fresh();
    const root = () => folder({ a: { content: "first" }, l: link("a"), d: folder({ x: { content: "x" } }) });
    await send(root(), far);
    const once = await manifestOf(far);
    const report = await send(root(), far);
    expect([report.ended, report.failed]).toEqual([undefined, []]);
    const differences = compareManifests(once, await manifestOf(far), { ignore: ["accessedNs", "modifiedNs"] });
    expect(differences, describeDifferences(differences)).toEqual([]);
  });

  test("a link on the far side is not followed: one in the place of a folder is refused, one of a file is replaced", async () => {
    const [far, outside] = [fresh(), fresh()];
    symlinkSync(outside, `${far}/etc`);
    writeFileSync(`${outside}/passwd`, "theirs");
    symlinkSync(`${outside}/passwd`, `${far}/passwd`);
    const shared = { content: "ours" };
    const report = await send(folder({ etc: folder({ passwd: shared }), passwd: { content: "mine" } }), far);
    expect(report.failed.map(({ path, fault }) => `${path}: ${fault.message}`).sort()).toEqual([
      "etc/passwd: the folder it belongs in could not be made",
      "etc: a symbolic link is there in its place: it is not followed",
    ]);
    expect([readFileSync(`${outside}/passwd`, "utf8"), readFileSync(`${far}/passwd`, "utf8")]).toEqual(["theirs", "mine"]);
    expect(readdirSync(outside)).toEqual(["passwd"]);
  });

  test("what is there stays where it may not be replaced", async () => {
    const far = fresh();
    writeFileSync(`${far}/a`, "old");
    const report = await send(folder({ a: { content: "new" }, b: { content: "b" } }), far, { existing: "refuse" });
    expect(report.failed).toEqual([{ path: "a", fault: { kind: "sink", message: "it is there already" } }]);
    expect([readFileSync(`${far}/a`, "utf8"), readFileSync(`${far}/b`, "utf8")]).toEqual(["old", "b"]);
  });

  test("a line that is reset at every 64th packet: all arrives, by many lines", async () => {
    const far = fresh();
    const { result, connections } = await through({ resetAfterPackets: 64 }, (port) => send(several(), far, {}, port));
    expect([result.ended, result.failed]).toEqual([undefined, []]);
    expect(connections).toBeGreaterThan(3);
    expectAll(far);
  });

  test("a server that goes away in the middle ends the run with that word; --resume goes on where it stopped", async () => {
    const far = fresh();
    const { result: broken } = await through({ resetOnceAfterBytes: 12 * MIB }, (port) =>
      send(several(), far, { retries: 0, jobs: 1, resume: true }, port),
    );
    expect(broken.ended).toMatchObject({ kind: "sink", message: expect.stringContaining("sftp://test: ") });
    expect(readdirSync(far).filter((name) => !name.startsWith(".nomount-"))).toEqual(["small"]);
    expect(readdirSync(far).filter((name) => name.startsWith(".nomount-"))).toHaveLength(1);
    const proxy = await startFaultProxy(server.port, {});
    const report = await send(several(), far, { jobs: 1, resume: true }, proxy.port);
    await proxy.close();
    expect([report.ended, report.failed]).toEqual([undefined, []]);
    expect(proxy.sentBytes()).toBeLessThan(20 * MIB);
    expectAll(far);
  });

  test("a server that is killed in the middle of a file, and comes back, is found again", async () => {
    const far = fresh();
    let killed = false;
    const sink = new TreeSink(store(far), { pauseMs: 10 });
    const report = await extract([selectionOf(new FakeFileSystem(several()))], sink, {
      observer: {
        progress: () => {
          if (killed) return;
          killed = true;
          server.killConnections();
        },
      },
    });
    expect([report.ended, report.failed]).toEqual([undefined, []]);
    expectAll(far);
  });

  test("a far side that takes nothing more is a broken line after the time that was given, not a wait for ever", async () => {
    const far = fresh();
    const { result } = await through({ stallAfterBytes: 3 * MIB }, (port) =>
      send(several(), far, { retries: 1, idleMs: 400 }, port),
    );
    expect(result.ended).toMatchObject({ kind: "sink", message: expect.stringMatching(/no answer for 0 s|closed the line/) });
    expect(readdirSync(far)).not.toContain("large file");
  });

  test("an interruption leaves nothing partial", async () => {
    const far = fresh();
    const controller = new AbortController();
    const report = await extract([selectionOf(new FakeFileSystem(several()))], new TreeSink(store(far)), {
      signal: controller.signal,
      observer: { progress: () => controller.abort() },
    });
    expect(report.ended).toBe("interrupted");
    const names = readdirSync(far, { recursive: true }).map(String);
    expect(names.filter((name) => name.includes(".nomount-"))).toEqual([]);
    expect(names).not.toContain("large file");
  });

  test("a full disk ends the run with that word, and nothing partial has a name", async (context) => {
    const far = fresh();
    if (!isRoot) return context.skip("only root can mount");
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", far], { timeout: 10_000 });
    try {
      const report = await send(several(), far);
      expect(report.ended).toMatchObject({ kind: "sink", message: "sftp://test: the destination is full" });
      expect(readdirSync(far, { recursive: true }).filter((name) => String(name).includes(".nomount-"))).toEqual([]);
      expect(readdirSync(far)).not.toContain("large file");
    } finally {
      execFileSync("umount", [far], { timeout: 10_000 });
    }
  });

  test("reads back what it has sent", async () => {
    const far = fresh();
    const sink = new TreeSink(store(far));
    const bytes = countedBytes(3 * MIB + 1);
    writeFileSync(`${far}/there`, bytes);
    await sink.open({ progress: () => {}, done: () => {}, omitted: () => {}, failed: () => {}, lost: () => {} });
    const parts: Uint8Array[] = [];
    for await (const part of sink.stock.read("there")) parts.push(part);
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    expect(await sink.stock.look("there")).toMatchObject({ kind: "file", sizeBytes: bytes.length });
    expect(await sink.stock.look("not there")).toBeUndefined();
    await sink.finish();
  });

  test("a tar goes out in one stream, and over a broken line", async () => {
    const [far, root] = [fresh(), several()];
    const { result, connections } = await through({ resetOnceAfterBytes: 9 * MIB }, (port) => {
      const target = new StoreTarget(store(far, {}, port), "all.tar", { pauseMs: 10 });
      return extract([selectionOf(new FakeFileSystem(root))], new StreamedSink(target, (out) => new TarSink(out)));
    });
    expect([result.ended, connections]).toEqual([undefined, 2]);
    expect(readdirSync(far)).toEqual(["all.tar"]);
    execFileSync("tar", ["-xf", "all.tar"], { cwd: far, timeout: 20_000, stdio: "ignore" });
    execFileSync("rm", ["all.tar"], { cwd: far });
    expectAll(far);
  });

  test("a server that refuses is named by file, or at once where it refuses everything", async () => {
    const readOnly = await startSshd(join(scratch.path, "read-only"), ["ForceCommand internal-sftp -R"]);
    try {
      const far = fresh();
      const hosts = routeTo({ host: "127.0.0.1", user: readOnly.user, port: readOnly.port }, [], readOnly.knownHosts);
      const settings = { hosts, idleMs: 5000, ask: async () => undefined, password: undefined };
      const sink = new TreeSink(
        new SftpStore({ label: "sftp://test", path: far }, () =>
          connectSftp({ ...settings, identityFiles: [readOnly.identity] }),
        ),
      );
      const report = await extract([selectionOf(new FakeFileSystem(folder({ a: { content: "a" }, d: folder({}) })))], sink);
      expect(report.failed.map(({ path, fault }) => `${path}: ${fault.message}`).sort()).toEqual([
        "a: permission denied",
        "d: permission denied",
      ]);
      expect(report.ended).toBeUndefined();
    } finally {
      await readOnly.kill();
    }
  });
});
