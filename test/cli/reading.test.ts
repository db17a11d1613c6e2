import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { isoTime } from "../../src/cli/format/time.ts";
import { scratchFolder, unpackFixture } from "../support/fixture.ts";
import { type GoldenEntry, guestDisk } from "../support/guest-disk.ts";
import { runCommand } from "../support/run-command.ts";

const scratch = scratchFolder();
let disk: string;
beforeAll(() => {
  disk = unpackFixture("guest-disk", scratch.path);
});

const golden = (volume: "p1" | "p2") => guestDisk.volumes[volume].entries;
const linux = (path: string) => golden("p2").find((entry) => entry.path === path);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const jsonLines = (text: string) =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
const nomount = async (...args: readonly string[]) => runCommand([args[0] ?? "", disk, ...args.slice(1)]);
/** `entry` with the parts of it that JSON has, in the words of JSON. */
const asJson = (entry: GoldenEntry) => ({
  path: `/${entry.path}`,
  kind: entry.kind,
  id: entry.inode,
  linkCount: entry.linkCount,
  modified: isoTime(BigInt(entry.modifiedNs)),
  ...(entry.kind === "file" ? { sizeBytes: entry.sizeBytes } : {}),
  ...(entry.mode === undefined ? {} : { mode: entry.mode.toString(8).padStart(4, "0"), uid: entry.uid, gid: entry.gid }),
  ...(entry.rdev === undefined ? {} : { device: { major: entry.rdev >> 8, minor: entry.rdev & 255 } }),
  ...(entry.linkTarget === undefined ? {} : { linkTarget: entry.linkTarget }),
});

describe("ls", () => {
  test("lists names in order, and links under the directory that they lead to", async () => {
    expect((await nomount("ls", "p2:/etc")).stdout).toBe("fstab\nhostname\nmailname\npasswd\nshadow\nssl\n");
    expect((await nomount("ls", "p2:/root/ana")).stdout).toBe("carta año.txt\n");
    expect((await nomount("ls", "p2:/etc/fstab")).stdout).toBe("p2:/etc/fstab\n");
    expect((await nomount("ls", "-0", "p2:/etc")).stdout).toBe("fstab\0hostname\0mailname\0passwd\0shadow\0ssl\0");
  });

  test("-l has what ls -l has", async () => {
    const { stdout } = await nomount("ls", "-l", "p2:/etc", "p2:/bin", "p2:/dev", "p2:/root");
    expect(stdout).toMatchInlineSnapshot(`
      "p2:/etc:
      -rw-r--r-- 1 0  0  139 2008-11-06T19:33:20Z fstab
      -rw-r--r-- 1 0  0    9 2008-11-06T19:33:20Z hostname
      lrwxrwxrwx 1 0  0   13 2008-11-06T19:33:20Z mailname -> /etc/hostname
      -rw-r--r-- 1 0  0   75 2008-11-06T19:33:20Z passwd
      -rw-r----- 1 0 42   51 2008-11-06T19:33:20Z shadow
      drwxr-xr-x 2 0  0 1024 2008-11-06T19:33:20Z ssl

      p2:/bin:
      -rwxr-xr-x 2 0 0 60000 2008-11-06T19:33:20Z bash
      -rwxr-xr-x 1 0 0 20000 2008-11-06T19:33:20Z ping
      -rwxr-xr-x 2 0 0 60000 2008-11-06T19:33:20Z rbash
      lrwxrwxrwx 1 0 0     4 2008-11-06T19:33:20Z sh -> bash
      -rwsr-xr-x 1 0 0 31000 2008-11-06T19:33:20Z su

      p2:/dev:
      crw-r--r-- 1 0 0 1, 3 2008-11-06T19:33:20Z null
      brw-r--r-- 1 0 0 8, 1 2008-11-06T19:33:20Z sda1

      p2:/root:
      lrwxrwxrwx 1 0 0 11 2008-11-06T19:33:20Z ana -> ../home/ana
      "
    `);
  });

  test("-l of an NTFS volume leaves open what NTFS does not keep; -h shortens sizes", async () => {
    const { stdout } = await nomount("ls", "-lh", "p1:/WINDOWS/system32");
    expect(stdout).toMatchInlineSnapshot(`
      "d????????? 1 - -  0B 2008-10-27T20:46:40Z config
      d????????? 1 - -  0B 2008-10-27T11:46:40Z dllcache
      d????????? 1 - -  0B 2008-10-27T05:46:40Z drivers
      -????????? 2 - - 68K 2008-04-14T12:00:00Z notepad.exe
      "
    `);
  });

  test.each(["", "Documents and Settings/Administrador", "Documents and Settings/Administrador/Escritorio"])(
    "-l of a Spanish Windows XP, below /%s: names, sizes and dates as ntfs-3g has them",
    async (folder) => {
      const { stdout } = await nomount("ls", "-l", `p1:/${folder}`);
      const listed = stdout.split("\n").slice(0, -1);
      const expected = golden("p1")
        .filter(({ path }) => path !== "" && (folder === "" ? !path.includes("/") : path.replace(/\/[^/]*$/, "") === folder))
        .map(({ path, kind, sizeBytes, modifiedNs }) => {
          const seconds = `${isoTime(BigInt(modifiedNs)).slice(0, 19)}Z`;
          return `${kind === "directory" ? `d 0` : `- ${sizeBytes}`} ${seconds} ${path.replace(/^.*\//, "")}`;
        });
      const columns = /^(.)\S+ +\d+ +- +- +(\d+) (\S+) (.*)$/;
      expect(listed.map((line) => columns.exec(line)?.slice(1).join(" ")).sort()).toEqual(expected.sort());
      expect(listed.length).toBeGreaterThan(1);
    },
  );

  test.each(["p1", "p2"] as const)("-R --json lists all of %s as the mounting driver sees it", async (volume) => {
    const { stdout, status } = await nomount("ls", "-R", "--json", `${volume}:`);
    expect(status).toBe(0);
    const listed = new Map(jsonLines(stdout).map((line) => [line.path, line]));
    const expected = golden(volume).filter(({ path }) => path !== "");
    // ntfs-3g hides the metadata files as nomount does; the root's own entry is not listed.
    expect([...listed.keys()].sort()).toEqual(expected.map(({ path }) => `/${path}`).sort());
    for (const entry of expected) expect(listed.get(`/${entry.path}`)).toMatchObject(asJson(entry));
  });

  test("-R shows each directory under its address, below it the others", async () => {
    expect((await nomount("ls", "-R", "p2:/home", "p2:/etc")).stdout).toMatchInlineSnapshot(`
      "p2:/home:
      ana

      p2:/home/ana:
      carta año.txt

      p2:/etc:
      fstab
      hostname
      mailname
      passwd
      shadow
      ssl

      p2:/etc/ssl:
      "
    `);
  });

  test("goes on after a name that is not there, and says so", async () => {
    const { stdout, stderr, status } = await nomount("ls", "p2:/nope", "p2:/home");
    expect([status, stdout]).toEqual([1, "p2:/home:\nana\n"]);
    expect(stderr).toMatch(/^nomount: .*\/nope does not exist\n$/);
  });
});

describe("find", () => {
  const found = async (...args: readonly string[]) => (await nomount("find", ...args)).stdout.split("\n").slice(0, -1).sort();
  const expected = (volume: "p1" | "p2", holds: (entry: GoldenEntry) => boolean) =>
    golden(volume)
      .filter(holds)
      .map(({ path }) => `${volume}:/${path}`)
      .sort();

  test("without conditions finds everything, the start included, in all filesystems", async () => {
    expect(await found()).toEqual([...expected("p1", () => true), ...expected("p2", () => true)].sort());
  });

  test("by name, by type, by size, by time", async () => {
    expect(await found("p1:", "--name", "*.{exe,dll}")).toEqual(expected("p1", ({ path }) => /\.(exe|dll)$/.test(path)));
    expect(await found("p1:", "--iname", "*.EXE", "--iname", "win.*")).toEqual(
      expected("p1", ({ path }) => /\.exe$|win\.[^/]*$/i.test(path)),
    );
    expect(await found("p2:", "--type", "l,p,c,b")).toEqual(
      expected("p2", ({ kind }) => ["symlink", "fifo", "char", "block"].includes(kind)),
    );
    expect(await found("p1:", "--size", "+8k", "--size", "-64k")).toEqual(
      expected("p1", ({ kind, sizeBytes = 0 }) => kind === "file" && sizeBytes > 8192 && sizeBytes < 65_536),
    );
    const noon = BigInt(Date.parse("2008-10-30T12:00:00Z")) * 1_000_000n;
    expect(await found("p1:", "--newer", "2008-10-30T12:00:00Z")).toEqual(
      expected("p1", ({ modifiedNs }) => BigInt(modifiedNs) > noon),
    );
    expect(await found("p1:", "--older", "2008-10-30T12:00:00Z", "--type", "d")).toEqual(
      expected("p1", ({ modifiedNs, kind }) => BigInt(modifiedNs) < noon && kind === "directory"),
    );
  });

  test("gives addresses that other commands take as they are", async () => {
    const addresses = await found("p2:", "--type", "f", "--size", "-100k");
    const { bytes, status } = await nomount("cat", ...addresses);
    expect(status).toBe(0);
    expect(bytes.length).toBe(addresses.reduce((sum, address) => sum + (linux(address.slice(4))?.sizeBytes ?? Number.NaN), 0));
  });
});

describe("cat", () => {
  test.each(["p1", "p2"] as const)(
    "gives every file of %s, and every stream, with the hashes of the mounting driver",
    async (volume) => {
      for (const { path, kind, sha256: hash, sizeBytes = 0, streams = {} } of golden(volume)) {
        if (kind === "file" && sizeBytes < 2 ** 25)
          expect(sha256((await nomount("cat", `${volume}:/${path}`)).bytes), path).toBe(hash);
        for (const [stream, golden] of Object.entries(streams)) {
          const address = `${volume}:/${path}:${stream}`;
          expect(sha256((await nomount("cat", address)).bytes), address).toBe(golden.sha256);
        }
      }
    },
  );

  test("follows links inside the volume, and refuses what has no content", async () => {
    expect((await nomount("cat", "p2:/etc/mailname", "p2:/etc/hostname")).stdout).toBe("invitado\ninvitado\n");
    for (const path of ["/etc", "/tmp/broken", "/dev/null"]) {
      const { status, stderr, stdout } = await nomount("cat", `p2:${path}`, "p2:/etc/hostname");
      expect([status, stdout]).toEqual([1, "invitado\n"]);
      expect(stderr).toMatch(/^nomount: .*\n$/);
    }
  });

  test("--json tells on standard error what became of each file", async () => {
    const { stderr } = await nomount("cat", "--json", "p2:/etc/hostname", "p2:/etc");
    const [first, , second] = stderr.split("\n");
    expect(JSON.parse(first ?? "")).toEqual({ address: "p2:/etc/hostname", stream: null, writtenBytes: 9, fault: null });
    expect(JSON.parse(second ?? "")).toMatchObject({ address: "p2:/etc", writtenBytes: 0, fault: { kind: "path" } });
  });
});

describe("map", () => {
  test.each(["p1", "p2"] as const)("leads to the bytes of every plain file of %s in the image", async (volume) => {
    const image = readFileSync(disk);
    let mapped = 0;
    for (const { path, kind, sizeBytes = 0, sha256: hash } of golden(volume)) {
      if (kind !== "file" || sizeBytes > 2 ** 25) continue;
      const rows = jsonLines((await nomount("map", "--json", `${volume}:/${path}`)).stdout);
      if (rows.some((row) => !["data", "hole", "unwritten"].includes(row.kind))) continue;
      const content = Buffer.alloc(sizeBytes);
      for (const { kind, fileOffsetBytes, lengthBytes, offsetBytes } of rows) {
        if (kind === "data") image.copy(content, fileOffsetBytes, offsetBytes, offsetBytes + lengthBytes);
      }
      expect(sha256(content), path).toBe(hash);
      if (rows.length > 0) mapped += 1;
    }
    expect(mapped).toBeGreaterThan(5);
  });

  test("for people: holes, and the pieces that a compressed stretch is made of", async () => {
    expect((await nomount("map", "p2:/var/lib/db/sparse.db")).stdout.replaceAll(disk, "guest-disk.img")).toMatchInlineSnapshot(`
      "p2:/var/lib/db/sparse.db: 314572800 bytes
      File offset       Length     Device offset  Kind
                0         1024          26454528  data on guest-disk.img
             1024    314570752                 -  hole
        314571776         1024          26455552  data on guest-disk.img
      "
    `);
    const { stdout } = await nomount("map", "p1:/WINDOWS/$NtUninstallKB956572$/spuninst.txt");
    expect(stdout).toMatch(/lznt1\n +made of +\d+ +\d+ {2}data on /);
  });
});

describe("stat", () => {
  test("tells everything of a file", async () => {
    const { stdout } = await nomount("stat", "p2:/bin/ping", "p2:/bin/sh", "p2:/dev/sda1", "p2:/var/lib/db/sparse.db");
    expect(stdout).toMatchInlineSnapshot(`
      "     File: p2:/bin/ping
           Kind: regular file
           Size: 20000 bytes
             Id: 14 (ext4)
          Links: 1
           Mode: 0755 -rwxr-xr-x
          Owner: 0:0
       Modified: 2008-11-06T19:33:20.000000000Z
        Changed: 2008-11-06T19:33:20.000000000Z
       Accessed: 2008-11-06T19:33:20.000000000Z
        Created: 2008-11-06T19:33:20.000000000Z
          Flags: extents
        Extents: 1
          Xattr: security.capability = 0x0100000200200000000000000000000000000000

           File: p2:/bin/sh
           Kind: symbolic link
         Target: bash
           Size: 4 bytes
             Id: 15 (ext4)
          Links: 1
           Mode: 0777 lrwxrwxrwx
          Owner: 0:0
       Modified: 2008-11-06T19:33:20.000000000Z
        Changed: 2008-11-06T19:33:20.000000000Z
       Accessed: 2008-11-06T19:33:20.000000000Z
        Created: 2008-11-06T19:33:20.000000000Z

           File: p2:/dev/sda1
           Kind: block device 8:1
           Size: 0 bytes
             Id: 19 (ext4)
          Links: 1
           Mode: 0644 brw-r--r--
          Owner: 0:0
       Modified: 2008-11-06T19:33:20.000000000Z
        Changed: 2008-11-06T19:33:20.000000000Z
       Accessed: 2008-11-06T19:33:20.000000000Z
        Created: 2008-11-06T19:33:20.000000000Z

           File: p2:/var/lib/db/sparse.db
           Kind: regular file
           Size: 314572800 bytes
             Id: 40 (ext4)
          Links: 1
           Mode: 0644 -rw-r--r--
          Owner: 0:0
       Modified: 2008-11-06T19:33:20.000000000Z
        Changed: 2008-11-06T19:33:20.000000000Z
       Accessed: 2008-11-06T19:33:20.000000000Z
        Created: 2008-11-06T19:33:20.000000000Z
          Flags: extents
        Extents: 2, 1 hole
      "
    `);
    const { stdout: ntfs } = await nomount("stat", "p1:/Documents and Settings/Administrador/Escritorio/instalador.exe");
    expect(ntfs).toMatchInlineSnapshot(`
      "     File: p1:/Documents and Settings/Administrador/Escritorio/instalador.exe
           Kind: regular file
           Size: 16384 bytes
             Id: 98 (ntfs)
          Links: 1
       Modified: 2008-04-14T12:00:00.123456700Z
        Changed: 2009-02-14T00:31:30.000000000Z
       Accessed: 2009-02-13T23:31:30.123456700Z
        Created: 2008-04-14T12:00:00.123456700Z
          Flags: archive
        Extents: 1
         Stream: Zone.Identifier, 26 bytes
      "
    `);
  });

  test("--json has extended attributes and streams as the mounting driver read them", async () => {
    for (const volume of ["p1", "p2"] as const) {
      const entries = golden(volume).filter(({ xattrs, streams }) => xattrs !== undefined || streams !== undefined);
      expect(entries.length).toBeGreaterThan(1);
      for (const entry of entries) {
        const [facts] = jsonLines((await nomount("stat", "--json", `${volume}:/${entry.path}`)).stdout);
        expect(facts).toMatchObject(asJson(entry));
        expect(
          Object.fromEntries(facts.xattrs.map(({ name, valueBase64 }: Record<string, string>) => [name, valueBase64])),
        ).toEqual(entry.xattrs ?? {});
        const sizes = Object.entries(entry.streams ?? {}).map(([name, { sizeBytes }]) => ({ name, sizeBytes }));
        expect(facts.streams).toEqual(sizes);
      }
    }
  });

  test("-L tells of what a link leads to", async () => {
    const [facts] = jsonLines((await nomount("stat", "-L", "--json", "p2:/etc/mailname")).stdout);
    expect(facts).toMatchObject({ path: "/etc/hostname", kind: "file" });
  });
});
