import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { attempt, command } from "../oracle/journal/command.ts";
import { openReflinkFolder, snapshot } from "../oracle/journal/reflink-folder.ts";
import { builtCommand } from "../support/built-command.ts";
import { repositoryFolder } from "../support/repository.ts";
import { canLoopMount, has, isRoot } from "../support/tools.ts";

/** What the replay of a full journal of 1 GiB costs: `npm run bench:journal`. */
const JOURNAL_MEBIBYTES = 1024;
const FILL = `
import os, sys
fd = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
for i in range(int(sys.argv[2])):
    os.write(fd, (b"%015d\\n" % i) * 65536)
    if i % 16 == 15: os.fsync(fd)
os.fsync(fd)
`;

if (!isRoot || !canLoopMount || !has("mkfs.xfs", "python3", "time", "e2fsck")) {
  throw new Error("root, loop devices, mkfs.xfs, python3, GNU time and e2fsck are needed");
}
const folder = openReflinkFolder(16);
try {
  main(folder.path);
} finally {
  folder.close();
}

function main(path: string): void {
  const live = join(path, "live");
  const top = join(path, "top");
  mkdirSync(top);
  command("truncate", "-s", "3G", live);
  command("mke2fs", "-q", "-F", "-t", "ext4", "-J", `size=${JOURNAL_MEBIBYTES}`, live);
  command("mount", "-o", "loop,data=journal,commit=300", live, top);
  // As much as the journal takes before its oldest transactions are written back to make room.
  command("python3", "-c", FILL, join(top, "file"), String(JOURNAL_MEBIBYTES - 64));
  command("python3", join(repositoryFolder, "test/oracle/journal/shutdown.py"), top, "2");
  command("umount", top);
  const said = command("node", builtCommand, "info", live)
    .split("\n")
    .find((line) => line.includes("journal"));
  process.stdout.write(`${said?.trim()}\n\n| | seconds | memory, MiB |\n|---|---:|---:|\n`);
  const copy = join(path, "copy");
  for (let run = 0; run < 3; run++) {
    row("nomount info", ["node", builtCommand, "info", live]);
    snapshot(live, copy);
    row("e2fsck -fy, on a copy", ["e2fsck", "-fy", copy]);
    snapshot(live, copy);
    row("kernel mount, on a copy", ["mount", "-o", "loop", copy, top]);
    attempt("umount", top);
  }
  row("nomount info --no-replay", ["node", builtCommand, "info", "--no-replay", live]);
  command("e2fsck", "-fy", copy);
  row("nomount info, clean filesystem", ["node", builtCommand, "info", copy]);
  rmSync(copy);
}

function row(name: string, line: readonly string[]): void {
  const { stderr } = attempt("time", "-f", "%e %M", ...line);
  const [seconds = "", kibibytes = ""] = (stderr.trim().split("\n").at(-1) ?? "").split(" ");
  process.stdout.write(`| ${name} | ${seconds} | ${Math.round(Number(kibibytes) / 1024)} |\n`);
}
