import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { extract } from "../../../src/extract/extract.ts";
import type { FtpOptions } from "../../../src/sink/ftp/ftp-line.ts";
import { FtpStore } from "../../../src/sink/ftp/ftp-store.ts";
import type { RemoteOptions } from "../../../src/sink/remote/remote-options.ts";
import { StoreTarget } from "../../../src/sink/remote/store-target.ts";
import { TreeSink } from "../../../src/sink/remote/tree-sink.ts";
import { StreamedSink } from "../../../src/sink/streamed-sink.ts";
import { TarSink } from "../../../src/sink/tar/tar-sink.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { HOLEY } from "../../support/everything.ts";
import { FakeFileSystem, type FakeNode, folder, link } from "../../support/fake-file-system.ts";
import { startFaultProxy } from "../../support/fault-proxy.ts";
import { scratchFolder } from "../../support/fixture.ts";
import { type FtpServer, hasTlsModule, startProftpd, WITH_TLS } from "../../support/proftpd.ts";
import { selectionOf } from "../../support/selection-of.ts";
import { describeIf, has } from "../../support/tools.ts";

const MIB = 1024 * 1024;
const SECOND_NS = 1_000_000_000n;
const scratch = scratchFolder();

describeIf(
  has("proftpd", "openssl") && hasTlsModule,
  "ProFTPD with mod_tls, or openssl, is not installed",
  "a tree over FTP to ProFTPD",
  () => {
    let server: FtpServer;
    let secured: FtpServer;
    let home: string;
    beforeAll(async () => {
      home = join(scratch.path, "home");
      mkdirSync(home);
      server = await startProftpd(join(scratch.path, "plain"), home);
      secured = await startProftpd(join(scratch.path, "tls"), home, WITH_TLS);
    });
    afterAll(async () => {
      await server?.kill();
      await secured?.kill();
    });

    const fresh = (): string => mkdtempSync(join(home, "to-"));

    function store(path: string, options: Partial<FtpOptions> = {}): FtpStore {
      const { user, password, port } = server;
      const usual = {
        label: "ftp://test",
        host: "127.0.0.1",
        port,
        user,
        tls: "none",
        trusted: undefined,
        idleMs: 10_000,
      } as const;
      return new FtpStore({ ...usual, password: async () => password, path, ...options });
    }

    function send(root: FakeNode, path: string, options: RemoteOptions & Partial<FtpOptions> = {}) {
      const sink = new TreeSink(store(path, options), { pauseMs: 10, ...options });
      return extract([selectionOf(new FakeFileSystem(root))], sink);
    }

    function several(): FakeNode {
      const files = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, { content: countedBytes(i * 7) }]));
      return folder({ small: folder(files), "large file": { content: countedBytes(12 * MIB + 5) }, zero: { content: "" } });
    }

    function expectAll(far: string): void {
      expect(readdirSync(far).sort()).toEqual(["large file", "small", "zero"]);
      expect(readFileSync(`${far}/large file`).equals(countedBytes(12 * MIB + 5))).toBe(true);
      expect(readdirSync(`${far}/small`)).toHaveLength(20);
      for (let i = 0; i < 20; i++) expect(readFileSync(`${far}/small/f${i}`).equals(countedBytes(i * 7))).toBe(true);
    }

    test("arrives whole, with modes and times; what FTP has no word for is said", async () => {
      const far = fresh();
      const twice = { content: "twice" };
      const root = folder({
        " led by a space": { content: "x", mode: 0o640, modifiedNs: 1_234_567_890n * SECOND_NS },
        "\u65e5\u672c": folder({ a: { content: "a" } }, { modifiedNs: 99n * SECOND_NS }),
        holey: { content: HOLEY },
        one: twice,
        two: twice,
        l: link("one"),
        "line\nend": { content: "x" },
      });
      const report = await send(root, `${far}/in/side/`);
      expect(report.ended).toBeUndefined();
      expect(report.failed).toEqual([
        {
          path: "line\nend",
          fault: { kind: "sink", message: "FTP has no names with line ends: --map-names writes it otherwise" },
        },
      ]);
      const to = `${far}/in/side`;
      expect(readdirSync(to).sort()).toEqual([" led by a space", "holey", "one", "two", "\u65e5\u672c"]);
      expect(statSync(`${to}/ led by a space`).mode & 0o7777).toBe(0o640);
      expect(statSync(`${to}/ led by a space`).mtimeMs).toBe(1_234_567_890_000);
      expect(statSync(`${to}/\u65e5\u672c`).mtimeMs).toBe(99_000);
      expect(statSync(`${to}/holey`).size).toBe(HOLEY.sizeBytes);
      expect([readFileSync(`${to}/one`, "utf8"), readFileSync(`${to}/two`, "utf8")]).toEqual(["twice", "twice"]);
      expect(report.losses.filter(({ omitted }) => omitted).map(({ facet, paths }) => [facet, paths])).toEqual([
        ["symlink", ["l"]],
      ]);
      expect(report.losses.map(({ facet }) => facet)).toEqual(expect.arrayContaining(["owner", "hard link", "nanoseconds"]));
    });

    test("names that it cannot hold come percent-encoded where that is asked for", async () => {
      const far = fresh();
      const report = await send(folder({ "a\nb%": { content: "x" } }), far, { mapNames: true });
      expect([report.failed, readdirSync(far)]).toEqual([[], ["a%0Ab%25"]]);
      expect(decodeURIComponent("a%0Ab%25")).toBe("a\nb%");
    });

    test("over TLS, which is verified", async () => {
      const far = fresh();
      const way = { port: secured.port, tls: "explicit" } as const;
      const refused = await send(several(), far, way);
      expect(refused.ended).toMatchObject({ message: expect.stringContaining("its certificate is not trusted") });
      expect(readdirSync(far)).toEqual([]);
      const clear = await send(several(), far, { port: secured.port });
      expect(clear.ended).toMatchObject({ kind: "sink" });
      const report = await send(several(), far, { ...way, trusted: [readFileSync(secured.certificate, "utf8")] });
      expect([report.ended, report.failed]).toEqual([undefined, []]);
      expectAll(far);
    });

    test("a wrong password is refused at once, and is not in the message", async () => {
      const report = await send(several(), fresh(), { password: async () => "wr0ng" });
      expect(report.ended).toMatchObject({ kind: "sink", message: expect.stringContaining("login refused") });
      expect(JSON.stringify(report)).not.toContain("wr0ng");
    });

    test("a link on the far side is not followed", async () => {
      const [far, outside] = [fresh(), fresh()];
      symlinkSync(outside, `${far}/etc`);
      writeFileSync(`${outside}/passwd`, "theirs");
      symlinkSync(`${outside}/passwd`, `${far}/passwd`);
      const report = await send(folder({ etc: folder({ passwd: { content: "ours" } }), passwd: { content: "mine" } }), far);
      expect(report.failed.map(({ path }) => path).sort()).toEqual(["etc", "etc/passwd"]);
      expect([readFileSync(`${outside}/passwd`, "utf8"), readFileSync(`${far}/passwd`, "utf8")]).toEqual(["theirs", "mine"]);
      expect(readdirSync(outside)).toEqual(["passwd"]);
    });

    test("a server that is killed in the middle of a file, and comes back, is found again", async () => {
      const far = fresh();
      let killed = false;
      const report = await extract([selectionOf(new FakeFileSystem(several()))], new TreeSink(store(far), { pauseMs: 10 }), {
        observer: {
          progress: (bytes) => {
            if (killed || bytes < 65_536) return;
            killed = true;
            server.killConnections();
          },
        },
      });
      expect([killed, report.ended, report.failed]).toEqual([true, undefined, []]);
      expectAll(far);
    });

    test("what is broken off has no name, and --resume goes on with it", async () => {
      const far = fresh();
      const root = () => folder({ "large file": { content: countedBytes(12 * MIB + 5) } });
      let told = 0;
      const broken = await extract(
        [selectionOf(new FakeFileSystem(root()))],
        new TreeSink(store(far), { retries: 0, resume: true }),
        {
          observer: {
            progress: (bytes) => {
              told += bytes;
              if (told > 6 * MIB) server.killConnections();
            },
          },
        },
      );
      expect(broken.ended).toMatchObject({ kind: "sink" });
      expect(readdirSync(far).filter((name) => !name.startsWith(".nomount-"))).toEqual([]);
      const report = await send(root(), far, { resume: true });
      expect([report.ended, report.failed, readdirSync(far)]).toEqual([undefined, [], ["large file"]]);
      expect(readFileSync(`${far}/large file`).equals(countedBytes(12 * MIB + 5))).toBe(true);
    });

    test("a server that says nothing any more is a broken line after the time that was given", async () => {
      const proxy = await startFaultProxy(server.port, { stallAfterBytes: 100 });
      const report = await send(several(), fresh(), { port: proxy.port, idleMs: 300, retries: 1 });
      await proxy.close();
      expect(report.ended).toMatchObject({ kind: "sink", message: expect.stringMatching(/[Tt]imeout/) });
    });

    test("a tar goes out in one stream", async () => {
      const far = fresh();
      const target = new StoreTarget(store(far), "all.tar");
      const report = await extract(
        [selectionOf(new FakeFileSystem(several()))],
        new StreamedSink(target, (out) => new TarSink(out)),
      );
      expect([report.ended, readdirSync(far)]).toEqual([undefined, ["all.tar"]]);
      expect(statSync(`${far}/all.tar`).size).toBeGreaterThan(12 * MIB);
    });

    test("reads back what it has sent", async () => {
      const far = fresh();
      const bytes = countedBytes(3 * MIB + 1);
      writeFileSync(`${far}/there`, bytes);
      const reader = store(far);
      const parts: Uint8Array[] = [];
      for await (const part of reader.read("there")) parts.push(part);
      expect(Buffer.concat(parts).equals(bytes)).toBe(true);
      expect(await reader.look("there")).toMatchObject({ kind: "file", sizeBytes: bytes.length });
      expect(await reader.look("not there")).toBeUndefined();
      await reader.close();
    });
  },
);
