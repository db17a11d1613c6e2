import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ConnectOptions, connectSftp } from "../../../src/sink/sftp/connect.ts";
import { KnownHosts, keyTypeOf } from "../../../src/sink/sftp/known-hosts.ts";
import { routeTo } from "../../../src/sink/sftp/route.ts";
import { settingsFor } from "../../../src/sink/sftp/ssh-config.ts";
import { scratchFolder } from "../../support/fixture.ts";
import { makeKey, publicKey, type SshServer, startSshd } from "../../support/sshd.ts";
import { describeWith } from "../../support/tools.ts";

const scratch = scratchFolder();
const file = (name: string, text = ""): string => {
  const path = join(scratch.path, name);
  writeFileSync(path, text);
  return path;
};

describeWith(["ssh"], "ssh_config, as ssh -G has it", () => {
  test.each(["plain", "backup.example", "other.example", "jump", "quoted", "excluded.example"])("%s", (alias) => {
    const included = file("included", "Host plain\n  Port 2022\n");
    const config = file(
      "config",
      [
        `Include ${included}`,
        "Host backup *.example !excluded.example",
        "  User=root",
        "  IdentityFile ~/.ssh/first",
        '  IdentityFile "/keys/with space/%h"',
        "  ProxyJump me@gate:2200,inner",
        "Host quoted",
        "  HostName = 192.0.2.7 # a comment",
        "  HostKeyAlias alias",
        "  IdentitiesOnly yes",
        "Match all",
        "  User everybody",
        "  StrictHostKeyChecking accept-new",
        "  UserKnownHostsFile /a /b",
      ].join("\n"),
    );
    const { stdout, status } = spawnSync("ssh", ["-G", "-F", config, alias], { encoding: "utf8", timeout: 20_000 });
    expect(status).toBe(0);
    const said = (keyword: string) => new RegExp(`^${keyword} (.*)$`, "m").exec(stdout)?.[1];
    const found = settingsFor(alias, [config], {});
    expect(found).toMatchObject({ host: said("hostname"), port: Number(said("port")), user: said("user") });
    expect(found.proxyJump.join(",")).toBe(said("proxyjump") ?? "");
    expect(found.userKnownHosts.join(" ")).toBe(said("userknownhostsfile"));
    expect(found.hostKeyAlias).toBe(said("hostkeyalias"));
    expect(found.identitiesOnly).toBe(said("identitiesonly") === "yes");
    expect(found.unknownHosts).toBe("accept");
    const keys = [...stdout.matchAll(/^identityfile (.*)$/gm)].map(([, key = ""]) => key);
    if (alias.endsWith(".example") && !alias.startsWith("excluded"))
      expect(found.identityFiles.map((key) => key.replace(process.env["HOME"] ?? "", "~"))).toEqual(
        keys.map((key) => key.replace("%h", alias)),
      );
  });
});

describe("known hosts", () => {
  const key = (letter: string): Buffer =>
    Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from("ssh-ed25519"), Buffer.from(letter)]);
  const text = (letter: string): string => `ssh-ed25519 ${key(letter).toString("base64")}`;

  test("names, patterns, ports, markers; what is revoked wins", () => {
    const known = KnownHosts.read([
      file(
        "hosts",
        [
          "# a comment",
          `host,192.0.2.1 ${text("a")} somebody`,
          `[host]:2222 ${text("b")}`,
          `*.example,!not.example ${text("c")}`,
          `@revoked * ${text("z")}`,
          `@cert-authority * ${text("y")}`,
        ].join("\n"),
      ),
      join(scratch.path, "not there"),
    ]);
    const verdict = (host: string, letter: string) => known.judge(host, key(letter)).verdict;
    expect(["a", "b", "z", "y"].map((letter) => verdict("host", letter))).toEqual(["known", "changed", "revoked", "changed"]);
    expect([verdict("192.0.2.1", "a"), verdict("[host]:2222", "b"), verdict("HOST", "a")]).toEqual(["known", "known", "known"]);
    expect([verdict("a.example", "c"), verdict("not.example", "c"), verdict("nobody", "y")]).toEqual([
      "known",
      "unknown",
      "unknown",
    ]);
    expect([known.keyTypes("host"), keyTypeOf(key("a"))]).toEqual([["ssh-ed25519"], "ssh-ed25519"]);
  });
});

describeWith(["sshd", "ssh-keygen", "ssh-agent", "ssh-add"], "a connection to OpenSSH's server", () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd(join(scratch.path, "sshd"));
  });
  afterAll(async () => server?.kill());

  function connect(knownHosts: string, more: Partial<ConnectOptions> = {}) {
    const hosts = routeTo({ host: "127.0.0.1", user: server.user, port: server.port }, [], knownHosts).map((host) => ({
      ...host,
      agent: undefined,
      identityFiles: [],
    }));
    const usual = { hosts, idleMs: 10_000, ask: async () => undefined, password: undefined, identityFiles: [server.identity] };
    return connectSftp({ ...usual, ...more });
  }

  test("with hashed names in known_hosts", async () => {
    const hashed = join(scratch.path, "hashed");
    copyFileSync(server.knownHosts, hashed);
    spawnSync("ssh-keygen", ["-q", "-H", "-f", hashed], { timeout: 20_000, stdio: "ignore" });
    expect(readFileSync(hashed, "utf8")).toMatch(/^\|1\|/);
    (await connect(hashed)).close();
  });

  test("an unknown host is refused where nobody can be asked, and trusted after a yes", async () => {
    const empty = file("empty");
    await expect(connect(empty)).rejects.toThrow(/is not known: its key ssh-ed25519 SHA256:/);
    expect(readFileSync(empty, "utf8")).toBe("");
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return "yes";
    };
    (await connect(empty, { ask })).close();
    const { stdout } = spawnSync("ssh-keygen", ["-lf", `${server.hostKey}.pub`], { encoding: "utf8", timeout: 20_000 });
    expect(questions).toEqual([expect.stringContaining(stdout.split(" ")[1] ?? "none")]);
    expect(readFileSync(empty, "utf8")).toBe(`[127.0.0.1]:${server.port} ${publicKey(server.hostKey)}\n`);
    (await connect(empty)).close();
  });

  test("a changed key is refused, whatever is answered", async () => {
    const other = join(scratch.path, "other");
    makeKey(other);
    const changed = file("changed", `[127.0.0.1]:${server.port} ${publicKey(other)}\n`);
    await expect(connect(changed, { ask: async () => "yes" })).rejects.toThrow(/its key is not the one in .*changed:1 but/);
  });

  test("a key with a passphrase, asked for once; a wrong one is said", async () => {
    const locked = join(scratch.path, "locked");
    makeKey(locked, "-N", "open sesame");
    writeFileSync(join(scratch.path, "sshd/authorized_keys"), `${publicKey(server.identity)}\n${publicKey(locked)}\n`);
    (await connect(server.knownHosts, { identityFiles: [locked], ask: async () => "open sesame" })).close();
    await expect(connect(server.knownHosts, { identityFiles: [locked], ask: async () => "wr0ng" })).rejects.toThrow(
      /does not open with this passphrase/,
    );
    await expect(connect(server.knownHosts, { identityFiles: [locked] })).rejects.toThrow(/there is no terminal to ask for it/);
  });

  test("with an agent", async () => {
    const socket = join(scratch.path, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    try {
      for (let tries = 0; tries < 100 && !existsSync(socket); tries++) await new Promise((resolve) => setTimeout(resolve, 20));
      const env = { ...process.env, SSH_AUTH_SOCK: socket };
      expect(spawnSync("ssh-add", ["-q", server.identity], { env, stdio: "ignore", timeout: 20_000 }).status).toBe(0);
      const [host] = routeTo({ host: "127.0.0.1", user: server.user, port: server.port }, [], server.knownHosts);
      if (host === undefined) throw new Error("no host");
      const hosts = [{ ...host, agent: socket, identityFiles: [] }];
      (await connect(server.knownHosts, { hosts, identityFiles: [] })).close();
    } finally {
      agent.kill("SIGKILL");
    }
  });

  test("no key that it takes is permission denied, and a password goes into no message", async () => {
    const stranger = join(scratch.path, "stranger");
    makeKey(stranger);
    const refused = connect(server.knownHosts, { identityFiles: [stranger], password: "s3cret" });
    await expect(refused).rejects.toThrow(/permission denied: none of the keys/);
    await expect(refused).rejects.not.toThrow(/s3cret/);
  });

  test("through another host", async () => {
    const inner = await startSshd(join(scratch.path, "inner"));
    try {
      const known = file("both", readFileSync(server.knownHosts, "utf8") + readFileSync(inner.knownHosts, "utf8"));
      writeFileSync(join(scratch.path, "inner/authorized_keys"), `${publicKey(server.identity)}\n`);
      const config = file(
        "jump",
        `Host inner\n  HostName 127.0.0.1\n  Port ${inner.port}\n  ProxyJump 127.0.0.1:${server.port}\n`,
      );
      const hosts = routeTo({ host: "inner", user: undefined, port: undefined }, [config], known).map((host) => ({
        ...host,
        agent: undefined,
      }));
      expect(hosts.map(({ port }) => port)).toEqual([server.port, inner.port]);
      (await connect(known, { hosts })).close();
    } finally {
      await inner.kill();
    }
  });
});
