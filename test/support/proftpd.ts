import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, type ServerProcess, startServer } from "./server-process.ts";

export const hasTlsModule = existsSync("/usr/lib/proftpd/mod_tls.so");

export interface FtpServer extends ServerProcess {
  readonly user: string;
  readonly password: string;
  /** The certificate that signed the server's. */
  readonly certificate: string;
}

/** Starts Debian's ProFTPD in the foreground, with a user of its own whose home is `home`. */
export async function startProftpd(folder: string, home: string, more: readonly string[] = []): Promise<FtpServer> {
  mkdirSync(folder, { recursive: true });
  const [port, user, password] = [await freePort(), "backup", "s3cret word"];
  const hash = run("openssl", "passwd", "-1", "-salt", "nomount1", password);
  const passwords = join(folder, "passwd");
  writeFileSync(passwords, `${user}:${hash}:${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}::${home}:/bin/sh\n`);
  chmodSync(passwords, 0o600);
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  run(
    "openssl",
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
  );
  chmodSync(key, 0o600);
  const config = join(folder, "proftpd.conf");
  writeFileSync(
    config,
    [
      ...(hasTlsModule ? ["LoadModule mod_tls.c"] : []),
      ...["ServerType standalone", "UseIPv6 off", "DefaultAddress 127.0.0.1", `Port ${port}`, `PidFile ${folder}/pid`],
      ...[`ScoreboardFile ${folder}/scoreboard`, "User root", "Group root", "RootLogin on", "RequireValidShell off"],
      ...[`AuthUserFile ${passwords}`, "AuthOrder mod_auth_file.c", "UseReverseDNS off", "WtmpLog off", "DelayEngine off"],
      ...["AllowOverwrite on", "AllowStoreRestart on", `SystemLog ${folder}/log`, "ListOptions -a"],
      ...more.map((line) => line.replaceAll("CERTIFICATE", certificate).replaceAll("KEY", key)),
      "",
    ].join("\n"),
  );
  const server = await startServer("/usr/sbin/proftpd", ["-n", "-q", "-c", config], port);
  return { ...server, user, password, certificate };
}

export const WITH_TLS = [
  "<IfModule mod_tls.c>",
  "TLSEngine on",
  "TLSRequired on",
  "TLSECCertificateFile CERTIFICATE",
  "TLSECCertificateKeyFile KEY",
  "TLSOptions NoSessionReuseRequired",
  "</IfModule>",
];

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", timeout: 20_000, stdio: ["ignore", "pipe", "ignore"] }).trim();
}
