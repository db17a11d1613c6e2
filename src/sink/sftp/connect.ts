import { connect as connectSocket, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import ssh2, { type Client, type ClientErrorExtensions } from "ssh2";
import { reason, systemCode } from "../failure.ts";
import { lineError, refusedError, type StoreError } from "../remote/store-error.ts";
import { fingerprint } from "./fingerprint.ts";
import { addKnownHost, hostInFiles, KnownHosts, keyTypeOf } from "./known-hosts.ts";
import { type Ask, type LoginSettings, loginMethods } from "./login.ts";
import type { Line } from "./session.ts";
import type { HostSettings } from "./ssh-config.ts";

export interface ConnectOptions extends LoginSettings {
  /** The hosts to go through, then the one to reach. */
  readonly hosts: readonly HostSettings[];
  readonly idleMs: number;
}

/** Opens SFTP on the last of the hosts, through the others. Throws a `StoreError`. */
export async function connectSftp(options: ConnectOptions): Promise<Line> {
  const clients: Client[] = [];
  const close = (): void => {
    for (const client of clients.toReversed()) client.end().destroy();
  };
  let socket: Socket | undefined;
  let through: Duplex | undefined;
  try {
    for (const [i, host] of options.hosts.entries()) {
      const client = new ssh2.Client();
      clients.push(client);
      socket ??= await plainSocket(host, options.idleMs);
      await shake(client, through ?? socket, host, options);
      const next = options.hosts[i + 1];
      if (next !== undefined) through = await forwarded(client, next, options.idleMs);
    }
    const channel = await sftpChannel(clients.at(-1), options.idleMs);
    const line = socket;
    return { channel, close, join: () => joined(line) };
  } catch (error) {
    close();
    socket?.destroy();
    throw error;
  }
}

/** Holds packets back until they are all there, so that they go to the system as one. */
function joined(socket: Socket | undefined): () => void {
  socket?.cork();
  return () => socket?.uncork();
}

async function plainSocket({ host, port }: HostSettings, idleMs: number): Promise<Socket> {
  const socket = connectSocket({ host, port, noDelay: true, keepAlive: true });
  await within<void>(idleMs, `${host}:${port}`, (resolve, reject) => {
    socket
      .once("connect", () => resolve())
      .once("error", (error) => {
        const isName = systemCode(error) === "ENOTFOUND";
        const message = `${host}:${port}: ${isName ? "no such host" : (systemReason(error) ?? error.message)}`;
        reject(isName ? refusedError(message, error) : lineError(message, error));
      });
  }).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
  socket.on("error", () => undefined);
  return socket;
}

/** Agrees on keys, checks the host's, and logs in. */
async function shake(client: Client, sock: Duplex, host: HostSettings, options: ConnectOptions): Promise<void> {
  const name = host.hostKeyAlias ?? hostInFiles(host.host, host.port);
  const known = KnownHosts.read([...host.userKnownHosts, ...host.globalKnownHosts]);
  const methods = loginMethods(host, options);
  await within<void>(options.idleMs, host.host, (resolve, reject, asking) => {
    client
      .on("ready", () => resolve())
      .on("error", (error) => reject(handshakeError(host, error)))
      .on("close", () => reject(lineError(`${host.host}: the server has closed the line`)))
      .connect({
        sock,
        username: host.user,
        readyTimeout: 0,
        keepaliveInterval: 30_000,
        algorithms: {
          // The fastest by far where there is no native part: Node's own, in hardware.
          cipher: { prepend: ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"], append: [], remove: [] },
          ...preferring(known.keyTypes(name)),
        },
        hostVerifier: (key: Buffer, answer: (valid: boolean) => void) => {
          asking(judged(host, name, known, key, options.ask)).then(
            () => answer(true),
            (error: Error) => {
              reject(error);
              answer(false);
            },
          );
        },
        authHandler: (_left, _partial, next) => {
          asking(methods.next()).then(({ value }) => {
            if (value === undefined) reject(permissionDenied(host));
            else next(value);
          }, reject);
        },
      });
  });
}

/** A host that has several keys shows the one that is known, as it does to OpenSSH. */
function preferring(keyTypes: readonly string[]) {
  const algorithms = keyTypes.flatMap((type) => (type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type]));
  const supported = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
  ] as const;
  const prepend = supported.filter((algorithm) => algorithms.includes(algorithm));
  return prepend.length === 0 ? {} : { serverHostKey: { prepend, append: [], remove: [] } };
}

/** Returns when the key may be trusted. */
async function judged(host: HostSettings, name: string, known: KnownHosts, key: Buffer, ask: Ask): Promise<void> {
  const { verdict, place } = known.judge(name, key);
  const print = `${keyTypeOf(key)} ${fingerprint(key)}`;
  if (verdict === "known") return;
  if (verdict === "revoked") throw refusedError(`${name}: its key (${print}) is marked as revoked in ${place}`);
  if (verdict === "changed")
    throw refusedError(
      `${name}: its key is not the one in ${place} but ${print}: either the host was set up anew, or somebody is in between. ` +
        `Nothing was sent; if the key is right, take the old one away: ssh-keygen -R '${name}'`,
    );
  if (host.unknownHosts !== "accept") {
    const question = `${name} is not known yet; its key is ${print}. Go on, and trust it from now on (yes/no)? `;
    const answer = host.unknownHosts === "ask" ? await ask(question, "shown") : undefined;
    if (answer?.trim().toLowerCase() !== "yes")
      throw refusedError(
        `${name} is not known: its key ${print} is in none of ${host.userKnownHosts.join(", ")}: ` +
          `log in once with ssh, or add the line that ssh-keyscan gives after comparing the fingerprint`,
      );
  }
  const [file] = host.userKnownHosts;
  if (file === undefined || file === "/dev/null") return;
  try {
    addKnownHost(file, name, key);
  } catch (error) {
    throw refusedError(`${file} cannot be written: ${reason(error)}`, error);
  }
}

function permissionDenied({ host, user }: HostSettings): StoreError {
  return refusedError(`${user}@${host}: permission denied: none of the keys and passwords at hand was accepted`);
}

function handshakeError(settings: HostSettings, error: Error & ClientErrorExtensions): StoreError {
  const { host, port } = settings;
  if (error.level === "client-authentication") return permissionDenied(settings);
  const where = `${host}:${port}`;
  const words = systemReason(error) ?? error.message;
  const cannotAgree = /no matching|handshake failed/i.test(error.message);
  return cannotAgree ? refusedError(`${where}: ${words}`, error) : lineError(`${where}: ${words}`, error);
}

function forwarded(client: Client, { host, port }: HostSettings, idleMs: number): Promise<Duplex> {
  return within(idleMs, `${host}:${port}`, (resolve, reject) => {
    client.forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(lineError(`${host}:${port} cannot be reached through the host before it: ${error.message}`, error));
    });
  });
}

function sftpChannel(client: Client | undefined, idleMs: number): Promise<Duplex> {
  return within(idleMs, "sftp", (resolve, reject) => {
    client?.subsys("sftp", (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(refusedError(`the server offers no SFTP: ${error.message}`, error));
    });
  });
}

type Waiting<T> = (
  resolve: (value: T) => void,
  reject: (error: Error) => void,
  /** The time stands still while a person is asked. */
  asking: <A>(answer: Promise<A>) => Promise<A>,
) => void;

/** What `wait` settles to, or a broken line after so long without. */
function within<T>(idleMs: number, where: string, wait: Waiting<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const late = (): void => reject(lineError(`${where}: no answer for ${Math.round(idleMs / 1000)} s`));
    let timer = setTimeout(late, idleMs);
    const settled = <A extends readonly unknown[]>(settle: (...args: A) => void) => {
      return (...args: A): void => {
        clearTimeout(timer);
        settle(...args);
      };
    };
    wait(settled(resolve), settled(reject), async (answer) => {
      clearTimeout(timer);
      try {
        return await answer;
      } finally {
        timer = setTimeout(late, idleMs);
      }
    });
  });
}

/** In words, where the system has failed. */
function systemReason(error: Error): string | undefined {
  return systemCode(error) === undefined ? undefined : reason(error);
}
