import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nameFromBytes, nameToBytes } from "../../../src/bytes/names.ts";
import { ManifestFile } from "../../../src/sink/manifest/manifest-file.ts";
import { ManifestIndex } from "../../../src/sink/manifest/manifest-index.ts";
import { ManifestWriter } from "../../../src/sink/manifest/manifest-writer.ts";
import { encodeRecord, HEADER, type ManifestRecord } from "../../../src/sink/manifest/record.ts";
import { withFreshFolder } from "../../support/mount.ts";
import { describeWith, toolEnv } from "../../support/tools.ts";

const sha256 = (content: string) => createHash("sha256").update(content).digest("hex");
const file = (path: string, sizeBytes = 1): ManifestRecord => ({
  path,
  kind: "file",
  sizeBytes,
  modifiedNs: -5n,
  changedNs: 10n ** 19n,
  sha256: sha256(path),
});
const strip = (record: ManifestRecord) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
const read = (path: string) => {
  const manifest = new ManifestFile(path);
  try {
    return [...manifest.records()].map(({ record }) => strip(record));
  } finally {
    manifest.close();
  }
};

const HOSTILE = ["back\\slash", "new\nline", "\\n", "carriage\rreturn", "*star", " space ", "#hash", "日本", "\\"].concat(
  nameFromBytes(Uint8Array.of(0x61, 0xff, 0xfe, 0x5c, 0x0a)),
);

describeWith(["sha256sum"], "a manifest", () => {
  test("is checked by sha256sum, whatever the names are", async () => {
    await withFreshFolder(async (folder) => {
      for (const name of HOSTILE) writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), nameToBytes(name)]), name);
      const writer = new ManifestWriter(join(folder, "m"), { resume: false });
      for (const name of HOSTILE)
        writer.record({ ...file(name), sha256: createHash("sha256").update(Buffer.from(name)).digest("hex") });
      writer.record({ path: "a\nb", kind: "symlink", target: "\n" });
      writer.finish();
      const { status, stdout, stderr } = spawnSync("sha256sum", ["--strict", "-c", "m"], {
        cwd: folder,
        env: toolEnv(),
        timeout: 20_000,
        stdio: ["ignore", "pipe", "pipe"],
      });
      expect([status, stderr.toString()]).toEqual([0, ""]);
      expect(stdout.toString().match(/: OK$/gm)?.length).toBe(HOSTILE.length);
      expect(read(join(folder, "m")).map(({ path }) => path)).toEqual([...HOSTILE, "a\nb"]);
    });
  });

  test("is read where sha256sum made it", async () => {
    await withFreshFolder(async (folder) => {
      writeFileSync(join(folder, "back\\slash"), "x");
      const { stdout } = spawnSync("sha256sum", ["back\\slash"], {
        cwd: folder,
        timeout: 20_000,
        stdio: ["ignore", "pipe", "ignore"],
      });
      writeFileSync(join(folder, "m"), stdout);
      expect(read(join(folder, "m"))).toEqual([{ path: "back\\slash", kind: "file", sha256: sha256("x") }]);
    });
  });
});

describe("records", () => {
  test("come back as they were written", async () => {
    await withFreshFolder(async (folder) => {
      const path = join(folder, "m");
      const names = fc
        .uint8Array({ minLength: 1, maxLength: 40 })
        .map((bytes) => nameFromBytes(bytes.map((byte) => byte || 1)));
      const records = fc.record<ManifestRecord>({
        path: names,
        kind: fc.constantFrom("file", "directory", "symlink", "hard link"),
        sizeBytes: fc.option(fc.maxSafeNat(), { nil: undefined }),
        modifiedNs: fc.option(fc.bigInt(-(10n ** 23n), 10n ** 23n), { nil: undefined }),
        target: fc.option(names, { nil: undefined }),
        sha256: fc.option(fc.constant(sha256("x")), { nil: undefined }),
        unchanged: fc.constantFrom(true, undefined),
      });
      fc.assert(
        fc.property(fc.array(records, { maxLength: 5 }), (all) => {
          writeFileSync(path, Buffer.concat([Buffer.from(HEADER), ...all.map(encodeRecord)]));
          expect(read(path)).toEqual(all.map(strip));
        }),
        { numRuns: 300 },
      );
    });
  });

  test.each([
    ["what", "line 1 is none of a manifest: expected a SHA-256, two spaces and a path"],
    ["# {", "line 1 is none of a manifest: the comment holds no JSON"],
    ['# {"kind":"thing","path":"a"}', 'line 1 is none of a manifest: unknown kind "thing"'],
    ['# {"kind":"file","path":"a","sizeBytes":-1}', "line 1 is none of a manifest: sizeBytes is no size"],
    ['# {"kind":"file","path":"a","modifiedNs":"now"}', "line 1 is none of a manifest: modifiedNs is no number of nanoseconds"],
    ['# {"kind":"file","path":7}', "line 1 is none of a manifest: path is no text"],
    ["x".repeat(2_000_000), "a line of more than 1048576 bytes is none of a manifest"],
  ])("%.40s is refused", async (text, message) => {
    await withFreshFolder(async (folder) => {
      writeFileSync(join(folder, "m"), `${text}\n`);
      expect(() => read(join(folder, "m"))).toThrow(message);
    });
  });
});

describe("an index", () => {
  test("finds each of many paths, the later of two, and tells which were not seen", async () => {
    await withFreshFolder(async (folder) => {
      const path = join(folder, "m");
      const all = Array.from({ length: 5000 }, (_, i) => file(`folder ${i % 7}/name ${i}`, i));
      writeFileSync(path, Buffer.concat([Buffer.from(HEADER), ...[...all, file("folder 0/name 0", 77)].map(encodeRecord)]));
      const index = new ManifestIndex(path);
      expect(index.find("folder 0/name 0")?.sizeBytes).toBe(77);
      expect(index.find("folder 1/name 0")).toBeUndefined();
      for (const record of all.slice(1)) {
        expect(index.find(record.path)?.sizeBytes).toBe(record.sizeBytes);
        if (record.sizeBytes !== 4000) index.see(record.path);
      }
      expect([...index.all("unseen")].map(({ record }) => record.sizeBytes)).toEqual([4000, 77]);
      index.close();
    });
  });
});

describe("a manifest that is continued", () => {
  test("keeps what was seen again and what is new; a torn end is cut off", async () => {
    await withFreshFolder(async (folder) => {
      const path = join(folder, "m");
      const first = new ManifestWriter(path, { resume: false });
      for (const name of ["a", "b", "gone"]) first.record(file(name));
      first.stop();
      appendFileSync(`${path}.part`, encodeRecord(file("torn")));
      truncateSync(`${path}.part`, readFileSync(`${path}.part`).length - 3);
      const second = new ManifestWriter(path, { resume: true });
      expect(second.earlier?.find("torn")).toBeUndefined();
      second.earlier?.see("a");
      second.record(file("b", 2));
      second.record(file("c"));
      second.finish();
      expect(read(path).map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
        ["a", 1],
        ["b", 2],
        ["c", 1],
      ]);
    });
  });
});
