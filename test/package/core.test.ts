import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { beforeAll, expect, test } from "vitest";
import { requireFreshBuild } from "../support/built-command.ts";
import { fixtureBytes } from "../support/fixture.ts";
import { guestDisk } from "../support/guest-disk.ts";
import { repositoryFolder } from "../support/repository.ts";

const dist = join(repositoryFolder, "dist");
beforeAll(requireFreshBuild);

/** Every module that one loads, itself included, and the packages and built-ins that these name. */
function reachable(entry: string): { files: Set<string>; others: Set<string> } {
  const [files, others] = [new Set<string>(), new Set<string>()];
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
      if (name.startsWith(".")) visit(resolve(dirname(file), name));
      else others.add(name);
    }
  };
  visit(entry);
  return { files, others };
}

test("nomount/core names nothing of Node", () => {
  const { files, others } = reachable(join(dist, "core.js"));
  expect(files.size).toBeGreaterThan(50);
  expect([...others].sort()).toEqual(["buffer-layout", "picomatch/posix.js"]);
  const users = [...files].filter((file) =>
    /\b(Buffer|process)\./.test(readFileSync(file, "utf8").replace(/\/\*.*?\*\/|\/\/.*$/gms, "")),
  );
  expect(users).toEqual([]);
});

test("nomount/core reads ext4 and NTFS on an MBR disk where there is no Buffer and no process", async () => {
  const worker = new Worker(new URL("./core-worker.mjs", import.meta.url), {
    workerData: {
      core: join(dist, "core.js"),
      image: new Uint8Array(fixtureBytes("guest-disk")),
      wasm: new Uint8Array(readFileSync(join(dist, "ext2fs.wasm"))),
    },
  });
  const answer = await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await worker.terminate();
  const contentOf = (path: string) => guestDisk.volumes.p2.entries.find((entry) => entry.path === path)?.sizeBytes;
  expect(answer).toEqual({
    globals: ["undefined", "undefined"],
    places: ["", "p1", "p2"],
    p1: guestDisk.volumes.p1.entries.length,
    p2: guestDisk.volumes.p2.entries.length,
    hostname: "invitado\n",
    fstabBytes: contentOf("etc/fstab"),
  });
});
