import { NomountError } from "../error.ts";

/** What the last word of `cp` names. */
export type Place =
  | { readonly scheme: "file"; readonly path: string }
  | { readonly scheme: "stdout"; readonly path: "-" }
  | ServerPlace
  | S3Place;

export interface S3Place {
  readonly scheme: "s3";
  readonly bucket: string;
  /** What all keys begin with. */
  readonly path: string;
}

export interface ServerPlace {
  readonly scheme: "sftp" | "ftp" | "ftps";
  /** As the address has it: with SFTP it may be an alias of ssh_config. */
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  /** SFTP: absolute, or relative to the home folder where the address has "/~/". FTP: relative to where one is after login, or absolute. */
  readonly path: string;
}

const SCHEMES = "sftp://, scp://, ftp://, ftps://, s3://";

/** Reads `scheme://user@host:port/path`; anything without "://" is a path of this machine, and "-" standard output. Throws `usage`. */
export function parsePlace(word: string): Place {
  if (word === "-") return { scheme: "stdout", path: "-" };
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(word) ?? [];
  switch (scheme.toLowerCase()) {
    case "":
      return { scheme: "file", path: word };
    case "sftp":
    case "scp":
      return serverPlace("sftp", rest, sftpPath);
    case "ftp":
      return serverPlace("ftp", rest, ftpPath);
    case "ftps":
      return serverPlace("ftps", rest, ftpPath);
    case "s3":
      return s3Place(rest);
    default:
      throw new NomountError("usage", `${scheme}:// is no destination: there are ${SCHEMES} and folders of this machine`);
  }
}

function serverPlace(scheme: ServerPlace["scheme"], rest: string, pathOf: (rest: string) => string): ServerPlace {
  const slash = rest.indexOf("/");
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const at = authority.lastIndexOf("@");
  const user = at < 0 ? undefined : authority.slice(0, at);
  const where = authority.slice(at + 1);
  if (user?.includes(":") === true) throw passwordRefused(scheme, where);
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/i.exec(where) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535 || host.startsWith("-"))
    throw new NomountError("usage", `${scheme}://${where}: expected ${scheme}://[user@]host[:port]/path`);
  return {
    scheme,
    host: decoded(host),
    port: port === undefined ? undefined : Number(port),
    user: user === undefined || user === "" ? undefined : decoded(user),
    path: pathOf(decoded(slash < 0 ? "/" : rest.slice(slash))),
  };
}

function passwordRefused(scheme: string, where: string): NomountError {
  return new NomountError(
    "usage",
    `${scheme}://...@${where}: no password in an address, since every process of this machine can see it: use --password-file, ` +
      `the variable NOMOUNT_PASSWORD${scheme === "sftp" ? ", a key or an agent" : ""}, or wait to be asked on a terminal`,
  );
}

/** As curl has it: absolute, but "/~/" is the home folder. */
function sftpPath(path: string): string {
  if (path === "/~" || path === "/~/") return ".";
  return path.startsWith("/~/") ? path.slice(3) : path;
}

/** RFC 1738, 3.2.2: relative to where the login has led; "//" (or "/%2F") is absolute. */
function ftpPath(path: string): string {
  return path.slice(1);
}

function s3Place(rest: string): Place {
  const [, bucket, path = ""] = /^([^/]*)(?:\/(.*))?$/s.exec(rest) ?? [];
  if (bucket?.includes("@") === true)
    throw new NomountError(
      "usage",
      "s3://: no credentials in the address: they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or the machine's role",
    );
  if (bucket === undefined || !/^[a-z0-9][a-z0-9._-]{1,253}[a-z0-9]$/i.test(bucket))
    throw new NomountError("usage", `s3://${rest}: expected s3://bucket/prefix/`);
  return { scheme: "s3", bucket, path };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new NomountError("usage", `"${text}": a % is written %25 in an address`);
  }
}
