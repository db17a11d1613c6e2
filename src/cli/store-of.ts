import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { nameForDisplay } from "../bytes/names.ts";
import { NomountError } from "../error.ts";
import { reason } from "../sink/failure.ts";
import type { Store } from "../sink/remote/store.ts";
import type { Context } from "./context.ts";
import type { Place, S3Place, ServerPlace } from "./place.ts";

/** How one gets in, and what a server may be told. */
export interface Access {
  readonly owners?: boolean | undefined;
  /** Its first line is the password. */
  readonly passwordFile?: string | undefined;
  readonly identity?: readonly string[] | undefined;
  readonly sshConfig?: string | undefined;
  readonly knownHosts?: string | undefined;
  readonly fsync?: boolean | undefined;
  /** Seconds without an answer. */
  readonly timeout?: number | undefined;
  /** Certificates, as PEM, that are trusted besides the usual ones. */
  readonly caFile?: string | undefined;
  readonly retries?: number | undefined;
  readonly endpoint?: string | undefined;
  readonly pathStyle?: boolean | undefined;
  readonly storageClass?: string | undefined;
  readonly checksum?: string | undefined;
}

const TIMEOUT_SECONDS = 60;

/** The server, or bucket, that a place is on. Nothing is connected yet. */
export async function storeOf(
  place: Exclude<Place, { scheme: "file" | "stdout" }>,
  access: Access,
  context: Context,
): Promise<Store> {
  switch (place.scheme) {
    case "sftp":
      return sftpStore(place, access, context);
    case "ftp":
    case "ftps":
      return ftpStore(place, access, context);
    case "s3":
      return s3Store(place, access);
  }
}

function idleMsOf({ timeout = TIMEOUT_SECONDS }: Access): number {
  return timeout * 1000;
}

async function sftpStore(place: ServerPlace, access: Access, context: Context): Promise<Store> {
  const { SftpStore } = await import("../sink/sftp/sftp-store.ts");
  const { connectSftp } = await import("../sink/sftp/connect.ts");
  const { routeTo } = await import("../sink/sftp/route.ts");
  const { askOnTerminal } = await import("./ask.ts");
  const files = access.sshConfig === undefined ? [`${homedir()}/.ssh/config`, "/etc/ssh/ssh_config"] : [access.sshConfig];
  const hosts = routeTo(place, files, access.knownHosts);
  const idleMs = idleMsOf(access);
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

async function ftpStore(place: ServerPlace, access: Access, context: Context): Promise<Store> {
  const { FtpStore } = await import("../sink/ftp/ftp-store.ts");
  const { askOnTerminal } = await import("./ask.ts");
  const { scheme, host, port, user, path } = place;
  const { caFile } = access;
  let trusted: readonly string[] | undefined;
  if (caFile !== undefined) {
    const { rootCertificates } = await import("node:tls");
    trusted = [...rootCertificates, textOf(caFile)];
  }
  const given = passwordOf(access);
  let asked: Promise<string | undefined> | undefined;
  const password = (): Promise<string | undefined> => {
    asked ??=
      given === undefined
        ? askOnTerminal(context.stderr.isTerminal)(`Password of ${user}@${host}: `, "hidden")
        : Promise.resolve(given);
    return asked;
  };
  const tls = scheme === "ftp" ? "none" : port === IMPLICIT_TLS_PORT ? "implicit" : "explicit";
  return new FtpStore({
    ...{ label: labelOf(place), host, port, user, password, path },
    tls,
    trusted,
    idleMs: idleMsOf(access),
  });
}

const IMPLICIT_TLS_PORT = 990;

async function s3Store({ bucket, path }: S3Place, access: Access): Promise<Store> {
  const { S3Store } = await import("../sink/s3/s3-store.ts");
  const { endpoint, pathStyle, storageClass, checksum, retries } = access;
  const label = nameForDisplay(`s3://${bucket}/${path}`);
  const options = { label, bucket, prefix: path, endpoint, pathStyle, storageClass, checksum, retries };
  return new S3Store({ ...options, idleMs: idleMsOf(access) });
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
  return passwordFile === undefined ? process.env["NOMOUNT_PASSWORD"] : /^[^\r\n]*/.exec(textOf(passwordFile))?.[0];
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new NomountError("usage", `${file} cannot be read: ${reason(error)}`, { cause: error });
  }
}
