import { type Command, InvalidArgumentError, Option } from "commander";
import type { RemoteOptions } from "../sink/remote/remote-options.ts";
import { collect } from "./options.ts";
import type { Access } from "./store-of.ts";

/** What may be said of how things are sent, and of a destination on a server. */
export type ServerOptions = Pick<RemoteOptions, "jobs" | "retries" | "resume" | "mapNames"> &
  Omit<Access, "owners"> & { readonly bwlimit?: number };

/** Options of how things are sent, then those of each protocol, under headings of their own. */
export function withServerOptions(command: Command): Command {
  return command
    .option(
      "--resume",
      "go on where a run was ended: what is there, with its size and time, is not copied again, and large files on servers are continued",
    )
    .option("--jobs <n>", "files on their way, or threads that write, at once", count)
    .option("--bwlimit <size>", "bytes a second at most, as 500k or 10M", bytes)
    .optionsGroup("Options for servers:")
    .option("--retries <n>", "attempts after one that failed for a reason that may pass; default: 5", whole)
    .option("--timeout <seconds>", "without an answer for so long, the line is taken for broken; default: 60", count)
    .option("--map-names", "percent-encode names that the server cannot hold, instead of naming them as failed")
    .option("--password-file <file>", "its first line is the password; or the variable NOMOUNT_PASSWORD")
    .option("--ca-file <file>", "FTPS: trust the certificates in it too")
    .option("-i, --identity <file>", "SFTP: private key to log in with; may be repeated", collect)
    .option("--known-hosts <file>", "SFTP: the only file of host keys that are trusted")
    .option("--ssh-config <file>", "SFTP: the only ssh_config that is read")
    .option("--fsync", "SFTP: each file is on the server's disk before it gets its name")
    .option("--endpoint <url>", "S3: of a service other than Amazon's")
    .option("--path-style", "S3: the bucket in the path, not in the host name")
    .option("--storage-class <name>", "S3: STANDARD_IA, GLACIER ...")
    .addOption(
      new Option("--checksum <algorithm>", "S3: that each upload carries; default: what the service requires").choices([
        "crc32",
        "crc32c",
        "crc64nvme",
        "sha1",
        "sha256",
      ]),
    )
    .optionsGroup("Options:");
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("expected a whole number");
  return Number(text);
}

function count(text: string): number {
  const number = whole(text);
  if (number === 0) throw new InvalidArgumentError("expected a number above 0");
  return number;
}

function bytes(text: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)([kmg]?)$/i.exec(text) ?? [];
  const size = Number(digits) * 1024 ** ["", "k", "m", "g"].indexOf(unit.toLowerCase());
  if (!(size >= 1)) throw new InvalidArgumentError("expected bytes, as 500k or 10M");
  return size;
}
