import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { freePort, type ServerProcess, startServer } from "./server-process.ts";
import { isRoot } from "./tools.ts";

/** OpenSSH's own server on this machine, for whoever runs the tests. */
export interface SshServer extends ServerProcess {
  readonly user: string;
  readonly identity: string;
  readonly knownHosts: string;
  readonly hostKey: string;
}

/** Starts sshd in the foreground, with keys of its own in a folder. */
export async function startSshd(folder: string, more: readonly string[] = [], at?: number): Promise<SshServer> {
  mkdirSync(folder, { recursive: true });
  if (isRoot) mkdirSync("/run/sshd", { recursive: true });
  const [hostKey, identity] = [join(folder, "host_key"), join(folder, "id")];
  for (const file of [hostKey, identity]) makeKey(file);
  copyFileSync(`${identity}.pub`, join(folder, "authorized_keys"));
  const port = at ?? (await freePort());
  const config = join(folder, "sshd_config");
  writeFileSync(
    config,
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${hostKey}`,
      `PidFile ${folder}/sshd.pid`,
      `AuthorizedKeysFile ${folder}/authorized_keys`,
      ...[
        "PermitRootLogin yes",
        "StrictModes no",
        "UsePAM no",
        "MaxStartups 200",
        "MaxSessions 200",
        "PasswordAuthentication no",
      ],
      ...more,
      "Subsystem sftp internal-sftp",
      "",
    ].join("\n"),
  );
  const knownHosts = join(folder, "known_hosts");
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${publicKey(hostKey)}\n`);
  const server = await startServer("/usr/sbin/sshd", ["-D", "-e", "-f", config], port);
  return { ...server, user: userInfo().username, identity, knownHosts, hostKey };
}

export function makeKey(file: string, ...more: readonly string[]): void {
  try {
    readFileSync(file);
  } catch {
    const args = ["-q", "-t", "ed25519", "-f", file, ...(more.length > 0 ? more : ["-N", ""])];
    execFileSync("ssh-keygen", args, { stdio: ["ignore", "ignore", "ignore"], timeout: 20_000 });
  }
}

/** "ssh-ed25519 AAAA..." */
export function publicKey(file: string): string {
  return readFileSync(`${file}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
}
