import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withMounted } from "../support/mount.ts";
import { nomountCommand } from "../support/nomount.ts";
import { type SshServer, startSshd } from "../support/sshd.ts";
import { canLoopMount, has, isRoot, toolEnv } from "../support/tools.ts";
import type { ImageFacts } from "./images/folder.ts";
import { smallFiles } from "./images/small.ts";

/**
 * Many small files over SFTP to this machine's own sshd: `npm run bench:remote -- FILES`. The others copy from a loop mount, made
 * beforehand; nomount reads the image. Each is run three times, in turn; what is shown is the median.
 */
const RUNS = 3;
const files = Number(process.argv[2] ?? 6400);

await main();

async function main(): Promise<void> {
  if (!isRoot || !canLoopMount || !has("sshd", "sftp", "time"))
    throw new Error("root, loop devices, sshd, sftp and time are needed");
  const image = smallFiles("ext4", files, `small-${files}`);
  const folder = mkdtempSync(join(tmpdir(), "nomount-bench-"));
  const server = await startSshd(join(folder, "sshd"));
  try {
    process.stdout.write(`${image.entries} entries\n\n| | seconds | largest process, MiB |\n|---|---:|---:|\n`);
    const runs = new Map<string, { seconds: number; mebibytes: number }[]>();
    await withMounted(image, async (top) => {
      for (let run = 0; run < RUNS; run++)
        for (const { name, line } of contenders(image, server, top))
          runs.set(name, [...(runs.get(name) ?? []), measured(folder, line)]);
    });
    for (const [name, all] of runs) {
      const { seconds, mebibytes } = all.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(RUNS / 2)] ?? {
        seconds: 0,
        mebibytes: 0,
      };
      process.stdout.write(`| ${name} | ${seconds.toFixed(2)} | ${Math.round(mebibytes)} |\n`);
    }
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** $TO is an empty folder. */
function contenders(image: ImageFacts, { identity, knownHosts, port }: SshServer, top: string) {
  const ssh = `-i ${identity} -o UserKnownHostsFile=${knownHosts}`;
  const all = [
    {
      name: "nomount",
      line: `${nomountCommand} cp -q --ssh-config /dev/null --known-hosts ${knownHosts} -i ${identity} ${image.file} / sftp://root@127.0.0.1:${port}$TO`,
    },
    { name: "sftp -r", line: `sh -c 'echo "put -Rp ${top}/." | sftp -q -b - ${ssh} -P ${port} root@127.0.0.1:'"$TO"` },
    { name: "rsync -a", line: `rsync -a -e "ssh ${ssh} -p ${port}" ${top}/ root@127.0.0.1:$TO/` },
  ];
  return all.filter(({ name }) => name === "nomount" || has(name.split(" ")[0] ?? ""));
}

function measured(folder: string, line: string): { seconds: number; mebibytes: number } {
  const to = mkdtempSync(join(folder, "to-"));
  mkdirSync(to, { recursive: true });
  const started = performance.now();
  const { status, stderr } = spawnSync("sh", ["-c", `exec time -f 'peak %M' ${line}`], {
    env: { ...toolEnv(), TO: to },
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    timeout: 300_000,
  });
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0 || readdirSync(to).length === 0) throw new Error(`${line}: ${stderr}`);
  rmSync(to, { recursive: true });
  return { seconds, mebibytes: Number(/peak (\d+)/.exec(stderr)?.[1] ?? 0) / 1024 };
}
