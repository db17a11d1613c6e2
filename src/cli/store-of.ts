import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { nameForDisplay } from "../bytes/names.ts";
import { NomountError } from "../error.ts";
import { reason } from "../sink/failure.ts";
import type { Store } from "../sink/remote/store.ts";
import type { Context } from "./context.ts";
import type { Place, ServerPlace } from "./place.ts";

/** How one gets in, and what a server may be told. */
export interface Access {
  readonly owners?: boolean | undefined;
  /** Its first line is the password. */
  readonly passwordFile?: string | undefined;
  readonly identity?: readonly string[] | undefined;
  readonly sshConfig?: string | undefined;
  readonly knownHosts?: string | undefined;
  readonly fsync?: boolean | undefined;
  readonly idleSeconds?: number | undefined;
}

const IDLE_SECONDS = 60;

/** The server, or bucket, that a place is on. Nothing is connected yet. */
export async function storeOf(
  place: Exclude<Place, { scheme: "file" | "stdout" }>,
  access: Access,
  context: Context,
): Promise<Store> {
  switch (place.scheme) {
    case "sftp":
      return sftpStore(place, access, context);
    default:
      throw new NomountError("unsupported", `${place.scheme}:// is not written to by this version`);
  }
}

async function sftpStore(place: ServerPlace, access: Access, context: Context): Promise<Store> {
  const { SftpStore } = await import("../sink/sftp/sftp-store.ts");
  const { connectSftp } = await import("../sink/sftp/connect.ts");
  const { routeTo } = await import("../sink/sftp/route.ts");
  const { askOnTerminal } = await import("./ask.ts");
  const files = access.sshConfig === undefined ? [`${homedir()}/.ssh/config`, "/etc/ssh/ssh_config"] : [access.sshConfig];
  const hosts = routeTo(place, files, access.knownHosts);
  const idleMs = (access.idleSeconds ?? IDLE_SECONDS) * 1000;
  const settings = {
    hosts,
    idleMs,
    ask: askOnTerminal(context.stderr.isTerminal),
    password: passwordOf(access),
    identityFiles: access.identity ?? [],
  };
  const user = hosts.at(-1)?.user;
  const options = {
    label: labelOf(place),
    path: place.path,
    owners: access.owners ?? user === "root",
    sync: access.fsync,
    idleMs,
  };
  return new SftpStore(options, () => connectSftp(settings));
}

/** "sftp://backup@host:2222/vm01", as it was given, and never more. */
function labelOf({ scheme, user, host, port, path }: ServerPlace): string {
  const at = user === undefined ? "" : `${user}@`;
  const name = host.includes(":") ? `[${host}]` : host;
  return nameForDisplay(
    `${scheme}://${at}${name}${port === undefined ? "" : `:${port}`}${path.startsWith("/") ? "" : "/"}${path}`,
  );
}

/** From the file, or else the variable NOMOUNT_PASSWORD. */
function passwordOf({ passwordFile }: Access): string | undefined {
  if (passwordFile === undefined) return process.env["NOMOUNT_PASSWORD"];
  try {
    return /^[^\r\n]*/.exec(readFileSync(passwordFile, "utf8"))?.[0];
  } catch (error) {
    throw new NomountError("usage", `${passwordFile} cannot be read: ${reason(error)}`, { cause: error });
  }
}
