import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nameFromBytes } from "../../../src/bytes/names.ts";
import { encodeHeader, type Member } from "../../../src/sink/tar/header.ts";
import { encodePax, paxTime } from "../../../src/sink/tar/pax.ts";
import { withFreshFolder } from "../../support/mount.ts";
import { describeWith, toolEnv } from "../../support/tools.ts";

const SECOND_NS = 1_000_000_000n;
const PLAIN: Member = {
  type: "file",
  path: Buffer.from("name"),
  linkPath: undefined,
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  modifiedNs: 0n,
  device: undefined,
  records: [],
};

test("a plain member is one block of which every field reads back", () => {
  const block = Buffer.from(
    encodeHeader({
      ...PLAIN,
      mode: 0o4755,
      uid: 1000,
      gid: 0o7777777,
      sizeBytes: 0o77777777777,
      modifiedNs: 8n ** 11n * SECOND_NS - SECOND_NS,
    }),
  );
  const text = (start: number, length: number) => block.toString("latin1", start, start + length);
  expect(block.length).toBe(512);
  expect(text(0, 6)).toBe("name\0\0");
  expect(text(100, 8)).toBe("0004755\0");
  expect(text(108, 8)).toBe("0001750\0");
  expect(text(116, 8)).toBe("7777777\0");
  expect(text(124, 12)).toBe("77777777777\0");
  expect(text(136, 12)).toBe("77777777777\0");
  expect(text(156, 1)).toBe("0");
  expect(text(257, 8)).toBe("ustar\x0000");
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  expect(text(148, 8)).toBe(`${sum.toString(8).padStart(6, "0")}\0 `);
});

test("what does not fit into its field goes into a record, and never overflows", () => {
  const records = (member: Partial<Member>) => {
    const header = Buffer.from(encodeHeader({ ...PLAIN, ...member }));
    return header.length === 512 ? "" : header.toString("utf8", 512, header.length - 512).replace(/\0+$/, "");
  };
  expect(records({ uid: 0o10000000 })).toBe("15 uid=2097152\n");
  expect(records({ gid: 4_294_967_295 })).toBe("18 gid=4294967295\n");
  expect(records({ sizeBytes: 8 * 1024 ** 3 })).toBe("19 size=8589934592\n");
  expect(records({ modifiedNs: 8_589_934_592n * SECOND_NS })).toBe("20 mtime=8589934592\n");
  expect(records({ modifiedNs: -1n })).toBe("22 mtime=-0.000000001\n");
  expect(records({ path: Buffer.from("a".repeat(101)) })).toBe(`111 path=${"a".repeat(101)}\n`);
  expect(records({ path: Buffer.from(`${"a".repeat(100)}/${"b".repeat(100)}`) })).toBe("");
  expect(records({ path: Buffer.from(`${"a".repeat(100)}/${"b".repeat(99)}/`) })).toBe("");
  expect(records({ path: Buffer.from(`${"a".repeat(156)}/b`) })).toContain("path=");
  expect(records({ path: Buffer.from("\u00e9") })).toBe("11 path=\u00e9\n");
  expect(records({ path: Buffer.from("\xe9", "latin1") })).toBe("");
  expect(records({ path: Buffer.from("\xe9".repeat(300), "latin1") })).toMatch(/^21 hdrcharset=BINARY\n310 path=/);
  expect(records({ type: "symlink", linkPath: Buffer.from("t".repeat(100)) })).toBe("");
  expect(records({ type: "symlink", linkPath: Buffer.from("t".repeat(101)) })).toContain("linkpath=");
});

test("a record counts its own length, where that grows by a digit too", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z.]{1,40}$/), fc.uint8Array({ maxLength: 1100 }), (keyword, value) => {
      const record = Buffer.from(encodePax([{ keyword, value }]));
      expect(Number(record.toString("latin1").split(" ")[0])).toBe(record.length);
      expect(record.subarray(record.indexOf("=") + 1, -1).equals(value)).toBe(true);
    }),
  );
  for (let length = 80; length < 110; length++) {
    const record = encodePax([{ keyword: "k", value: "v".repeat(length) }]);
    expect(Number(Buffer.from(record).toString().split(" ")[0])).toBe(record.length);
  }
});

test("times are decimal, however far from 1970", () => {
  expect(paxTime(0n)).toBe("0");
  expect(paxTime(1_500_000_000n)).toBe("1.5");
  expect(paxTime(-1_500_000_000n)).toBe("-1.5");
  expect(paxTime(-1n)).toBe("-0.000000001");
  expect(paxTime(253_402_300_800n * SECOND_NS + 1n)).toBe("253402300800.000000001");
});

const aName = fc
  .array(
    fc
      .uint8Array({ minLength: 1, maxLength: 120 })
      .map((bytes) => bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte))),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((parts) => Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [Buffer.from("/"), part]))));

const aMember = fc.record({
  type: fc.constantFrom("symlink", "fifo", "char", "block", "file", "hard link" as const),
  path: aName,
  linkPath: aName,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.oneof(fc.nat(70_000), fc.integer({ min: 0, max: 2 ** 32 - 2 })),
  gid: fc.oneof(fc.nat(70_000), fc.integer({ min: 0, max: 2 ** 32 - 2 })),
  modifiedNs: fc.bigInt({ min: 0n, max: 2n ** 34n * SECOND_NS }),
  device: fc.record({ major: fc.nat(4095), minor: fc.nat(1_048_575) }),
});

describeWith(["bsdtar", "tar"], "random members", () => {
  const members = fc.sample(aMember, { numRuns: 400, seed: 1 }).map(
    (member, i): Member => ({
      ...PLAIN,
      ...member,
      // Each has a name of its own.
      path: Buffer.concat([Buffer.from(`${i}-`), member.path]),
      linkPath: member.type === "symlink" || member.type === "hard link" ? member.linkPath : undefined,
      device: member.type === "char" || member.type === "block" ? member.device : undefined,
    }),
  );
  const archive = Buffer.concat([...members.map((member) => encodeHeader(member).slice()), Buffer.alloc(1024)]);

  test("are read back by bsdtar, field by field", async () => {
    await withFreshFolder(async (folder) => {
      writeFileSync(join(folder, "a.tar"), archive);
      const keywords = "mtree:!all,mtree:mode,mtree:uid,mtree:gid,mtree:time,mtree:type,mtree:link,mtree:device";
      const { stdout, status, stderr } = spawnSync(
        "bsdtar",
        ["-cf", "-", "--format=mtree", `--options=${keywords}`, "@a.tar"],
        {
          cwd: folder,
          env: toolEnv(),
          maxBuffer: 1 << 28,
        },
      );
      expect(status, stderr.toString()).toBe(0);
      const lines = stdout
        .toString("latin1")
        .replaceAll("\\\n", " ")
        .split("\n")
        .filter((line) => line.startsWith("./"));
      expect(lines.length).toBe(members.length);
      for (const line of lines) {
        // Sorted, and named by their numbers.
        const member = members[Number.parseInt(line.slice(2), 10)] ?? PLAIN;
        const [path = "", ...words] = line.split(/ +/);
        const found = new Map(words.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]));
        expect(unescapeMtree(path).slice(2)).toBe(Buffer.from(member.path).toString("latin1"));
        expect(Number.parseInt(found.get("mode") ?? "", 8)).toBe(member.mode);
        expect(Number(found.get("uid"))).toBe(member.uid);
        expect(Number(found.get("gid"))).toBe(member.gid);
        const [seconds = "", nanoseconds = "0"] = (found.get("time") ?? "").split(".");
        expect(BigInt(seconds) * SECOND_NS + BigInt(nanoseconds)).toBe(member.modifiedNs);
        if (member.type === "symlink")
          expect(unescapeMtree(found.get("link") ?? "")).toBe(Buffer.from(member.linkPath ?? []).toString("latin1"));
        if (member.device !== undefined)
          expect(found.get("device")).toBe(`native,${member.device.major},${member.device.minor}`);
      }
    });
  });

  test("are read back by GNU tar: names, targets, owners, times", async () => {
    await withFreshFolder(async (folder) => {
      writeFileSync(join(folder, "a.tar"), archive);
      const { stdout, status } = spawnSync(
        "tar",
        ["-tvf", "a.tar", "--full-time", "--numeric-owner", "--quoting-style=escape"],
        {
          cwd: folder,
          env: toolEnv(),
          maxBuffer: 1 << 28,
        },
      );
      expect(status).toBe(0);
      const lines = stdout
        .toString("latin1")
        .split("\n")
        .filter((line) => line !== "");
      expect(lines.length).toBe(members.length);
      for (const [i, line] of lines.entries()) {
        const member = members[i] ?? PLAIN;
        const owner = / (\d+)\/(\d+) /.exec(line);
        expect([Number(owner?.[1]), Number(owner?.[2])]).toEqual([member.uid, member.gid]);
        expect(line).toContain(escapeGnu(member.path));
        if (member.linkPath !== undefined) expect(line).toContain(escapeGnu(member.linkPath));
        const iso = new Date(Number(member.modifiedNs / 1_000_000n)).toISOString().slice(0, 19).replace("T", " ");
        expect(line).toContain(` ${iso}`);
      }
    });
  });
});

function unescapeMtree(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** As `--quoting-style=escape` prints it in a UTF-8 locale, up to the first character whose printing depends on tables. */
function escapeGnu(path: Uint8Array): string {
  const name = nameFromBytes(path);
  const plain = /^[ -[\]-~]*/.exec(name)?.[0] ?? "";
  return plain;
}
