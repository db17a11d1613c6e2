import { createHash } from "node:crypto";
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { extract } from "../../../src/extract/extract.ts";
import type { RemoteOptions } from "../../../src/sink/remote/remote-options.ts";
import { StoreTarget } from "../../../src/sink/remote/store-target.ts";
import { TreeSink } from "../../../src/sink/remote/tree-sink.ts";
import { partBytes } from "../../../src/sink/s3/part-sizes.ts";
import { type S3Options, S3Store } from "../../../src/sink/s3/s3-store.ts";
import { StreamedSink } from "../../../src/sink/streamed-sink.ts";
import { TarSink } from "../../../src/sink/tar/tar-sink.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { HOLEY } from "../../support/everything.ts";
import { FailingSource } from "../../support/failing-source.ts";
import { FakeFileSystem, type FakeNode, folder, link } from "../../support/fake-file-system.ts";
import {
  type Answer,
  BUCKET,
  hasMoto,
  S3_ENVIRONMENT,
  type S3Proxy,
  startMoto,
  startS3Proxy,
} from "../../support/s3-server.ts";
import { selectionOf } from "../../support/selection-of.ts";
import type { ServerProcess } from "../../support/server-process.ts";
import { describeIf } from "../../support/tools.ts";

const MIB = 1024 * 1024;

test("10,000 parts suffice for the largest object, and hold a stream of more than a TiB", () => {
  const TIB = 1024 ** 4;
  for (const size of [1, 8 * MIB, 80_000 * MIB, 5 * TIB]) expect(partBytes(size, 0) * 10_000).toBeGreaterThanOrEqual(size);
  let stream = 0;
  for (let part = 0; part < 10_000; part++) stream += partBytes(undefined, part);
  expect(stream).toBeGreaterThan(TIB);
  expect(partBytes(undefined, 9_999)).toBeLessThan(5 * 1024 * MIB);
});

describeIf(hasMoto, "the Python package moto is not installed", "a tree to an S3 server", () => {
  let server: ServerProcess;
  let client: S3Client;
  let before: Record<string, string | undefined>;
  const proxies: S3Proxy[] = [];
  beforeAll(async () => {
    before = Object.fromEntries(Object.keys(S3_ENVIRONMENT).map((name) => [name, process.env[name]]));
    Object.assign(process.env, S3_ENVIRONMENT);
    server = await startMoto();
    client = new S3Client({ endpoint: `http://127.0.0.1:${server.port}`, forcePathStyle: true, maxAttempts: 1 });
  });
  afterEach(async () => {
    for (const proxy of proxies.splice(0)) await proxy.close();
  });
  afterAll(async () => {
    client?.destroy();
    await server?.kill();
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  let prefixes = 0;
  const fresh = (): string => {
    prefixes += 1;
    return `run ${prefixes}/`;
  };

  async function store(prefix: string, options: Partial<S3Options> = {}, answer?: Answer): Promise<S3Store> {
    let { port } = server;
    if (answer !== undefined) {
      const proxy = await startS3Proxy(port, answer);
      proxies.push(proxy);
      port = proxy.port;
    }
    const label = `s3://${BUCKET}/${prefix}`;
    return new S3Store({ label, bucket: BUCKET, prefix, endpoint: `http://127.0.0.1:${port}`, pathStyle: true, ...options });
  }

  async function send(root: FakeNode, prefix: string, options: RemoteOptions & Partial<S3Options> = {}, answer?: Answer) {
    const sink = new TreeSink(await store(prefix, options, answer), options);
    return extract([selectionOf(new FakeFileSystem(root))], sink);
  }

  async function keys(prefix: string): Promise<readonly string[]> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }));
    return Contents.map(({ Key = "" }) => Key.slice(prefix.length)).sort();
  }

  async function sha256(key: string): Promise<string> {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    return createHash("sha256")
      .update((await Body?.transformToByteArray()) ?? "")
      .digest("hex");
  }

  async function metadata(key: string) {
    return (await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key }))).Metadata;
  }

  async function uploads(): Promise<number> {
    return (await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))).Uploads?.length ?? 0;
  }

  const large = countedBytes(20 * MIB + 5);
  const sum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  const several = (): FakeNode =>
    folder({ a: { content: "a" }, d: folder({ large: { content: large } }), zero: { content: "" } });

  test("an object for each file, with the metadata that rclone gives it", async () => {
    const prefix = fresh();
    const twice = { content: "twice" };
    const root = folder({
      "a file": {
        content: "x",
        mode: 0o4640,
        uid: 1000,
        gid: 4_000_000_000,
        modifiedNs: 1_234_567_890_500_000_000n,
        accessedNs: 1n,
      },
      d: folder({ "\u65e5\u672c": { content: "y" }, empty: folder({}, { mode: 0o700 }) }, { mode: 0o1777 }),
      one: twice,
      two: twice,
      l: link("../to/nowhere"),
      large: { content: large },
      holey: { content: HOLEY },
      pipe: { kind: "fifo" },
      "no\nline": { content: "z" },
    });
    const report = await send(root, prefix, { checksum: "crc32" });
    expect([report.ended, report.failed.map(({ path }) => path)]).toEqual([undefined, ["no\nline"]]);
    expect(await keys(prefix)).toEqual(
      ["a file", "d/", "d/empty/", "d/\u65e5\u672c", "holey", "l.rclonelink", "large", "one", "two"].sort(),
    );
    expect(await metadata(`${prefix}a file`)).toMatchObject({
      mtime: "1234567890.5",
      atime: "1970-01-01T00:00:00.000000001Z",
      mode: "104640",
      uid: "1000",
      gid: "4000000000",
    });
    expect(await metadata(`${prefix}d/empty/`)).toMatchObject({ mode: "40700" });
    expect(await sha256(`${prefix}large`)).toBe(sum(large));
    expect(await sha256(`${prefix}l.rclonelink`)).toBe(sum(Buffer.from("../to/nowhere")));
    expect(await sha256(`${prefix}two`)).toBe(sum(Buffer.from("twice")));
    expect(report.losses.map(({ facet }) => facet).sort()).toEqual(["fifo", "hard link", "mode"]);
    expect(await uploads()).toBe(0);
  });

  test("what is in the bucket can be looked at and read back", async () => {
    const prefix = fresh();
    await send(folder({ l: link("a"), large: { content: large, modifiedNs: -1_500_000_000n } }), prefix);
    const found = await store(prefix);
    await found.open();
    expect(await found.look("large")).toMatchObject({ kind: "file", sizeBytes: large.length, modifiedNs: -1_500_000_000n });
    expect(await found.look("l")).toMatchObject({ kind: "symlink", linkTarget: "a" });
    expect(await found.look("nothing")).toBeUndefined();
    const hash = createHash("sha256");
    for await (const bytes of found.read("large")) hash.update(bytes);
    expect(hash.digest("hex")).toBe(sum(large));
  });

  test("503 at every third request: all arrives", async () => {
    const prefix = fresh();
    const busy: Answer = (_, count) => (count % 3 === 0 ? { status: 503, code: "SlowDown" } : undefined);
    const report = await send(several(), prefix, {}, busy);
    expect([report.ended, report.failed]).toEqual([undefined, []]);
    expect(await keys(prefix)).toEqual(["a", "d/", "d/large", "zero"]);
    expect(await sha256(`${prefix}d/large`)).toBe(sum(large));
  });

  test("503 without an end ends the run, with nothing partial and no parts left", async () => {
    const prefix = fresh();
    let puts = 0;
    const gone: Answer = ({ method = "", url = "" }) => {
      if (method !== "PUT" || !url.includes("partNumber")) return undefined;
      puts += 1;
      return puts > 1 ? { status: 503, code: "SlowDown" } : undefined;
    };
    const report = await send(several(), prefix, { retries: 1 }, gone);
    expect(report.ended).toMatchObject({
      kind: "sink",
      message: expect.stringContaining("made for a test (SlowDown), at each attempt"),
    });
    expect(await keys(prefix)).not.toContain("d/large");
    expect(await uploads()).toBe(0);
  });

  test("a token that expires on the way ends the run with that word; the next run brings the rest", async () => {
    const prefix = fresh();
    const expired: Answer = ({ url = "" }) =>
      url.includes("partNumber=2") ? { status: 400, code: "ExpiredToken" } : undefined;
    const report = await send(several(), prefix, {}, expired);
    expect(report.ended).toMatchObject({ kind: "sink", message: `s3://${BUCKET}/${prefix}: the token has expired` });
    expect(await keys(prefix)).not.toContain("d/large");
    expect((await send(several(), prefix)).ended).toBeUndefined();
    expect(await sha256(`${prefix}d/large`)).toBe(sum(large));
  });

  test("permission denied is that file's line, and the rest comes", async () => {
    const prefix = fresh();
    const denied: Answer = ({ method, url = "" }) =>
      method === "PUT" && url.includes("/a?") ? { status: 403, code: "AccessDenied" } : undefined;
    const report = await send(several(), prefix, {}, denied);
    expect(report.failed).toEqual([{ path: "a", fault: { kind: "sink", message: "permission denied" } }]);
    expect(await keys(prefix)).toEqual(["d/", "d/large", "zero"]);
  });

  test("a service that says nothing any more is given up after the time that was given", async () => {
    const silent: Answer = ({ method }) => (method === "PUT" ? "silence" : undefined);
    const report = await send(several(), fresh(), { retries: 0, idleMs: 300 }, silent);
    expect(report.ended).toMatchObject({ kind: "sink", message: expect.stringMatching(/at each attempt$/) });
  });

  test("no bucket, and no service, are said at once", async () => {
    const none = await send(several(), fresh(), { bucket: "no-such-bucket" });
    expect(none.ended).toMatchObject({ kind: "sink", message: expect.stringContaining("there is no such bucket") });
    const dead = await send(several(), fresh(), { endpoint: "http://127.0.0.1:9", retries: 0 });
    expect(dead.ended).toMatchObject({ kind: "sink", message: expect.stringContaining("ECONNREFUSED") });
  });

  test("a file of which a part cannot be read is left out, and its parts are taken back", async () => {
    const prefix = fresh();
    const content = new FailingSource(large, { badSectors: [[30_000, 30_001]] });
    const report = await send(folder({ bad: { content }, good: { content: "good" } }), prefix);
    expect(report.failed.map(({ path, fault }) => [path, fault.kind])).toEqual([["bad", "source"]]);
    expect([await keys(prefix), await uploads()]).toEqual([["good"], 0]);
  });

  test("a tar goes out in one stream of parts", async () => {
    const prefix = fresh();
    const target = new StoreTarget(await store(prefix), "all.tar");
    const report = await extract(
      [selectionOf(new FakeFileSystem(several()))],
      new StreamedSink(target, (out) => new TarSink(out)),
    );
    expect([report.ended, await keys(prefix), await uploads()]).toEqual([undefined, ["all.tar"], 0]);
  });

  test("an interrupted tar leaves nothing", async () => {
    const prefix = fresh();
    const controller = new AbortController();
    const target = new StoreTarget(await store(prefix), "all.tar");
    const sink = new StreamedSink(target, (out) => new TarSink(out));
    const report = await extract([selectionOf(new FakeFileSystem(several()))], sink, {
      signal: controller.signal,
      observer: { progress: () => controller.abort() },
    });
    expect([report.ended, await keys(prefix), await uploads()]).toEqual(["interrupted", [], 0]);
  });
});
