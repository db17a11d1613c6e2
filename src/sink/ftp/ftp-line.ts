import { Client, FTPError } from "basic-ftp";
import { nameToBytes } from "../../bytes/names.ts";
import { reason, systemCode } from "../failure.ts";
import { entryError, lineError, refusedError, StoreError } from "../remote/store-error.ts";

export interface FtpOptions {
  /** How messages name the place: "ftp://backup@host/vm01". */
  readonly label: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: () => Promise<string | undefined>;
  /** `explicit` begins in the clear and changes over before the login (RFC 4217), `implicit` is encrypted from the start. */
  readonly tls: "none" | "explicit" | "implicit";
  /** Certificates that are trusted besides those of the system, as PEM. */
  readonly trusted: readonly string[] | undefined;
  /** Relative to where the login has led, or absolute. */
  readonly path: string;
  readonly idleMs: number;
}

/** What a server says that it can do. */
export interface FtpFeatures {
  readonly facts: boolean;
  readonly setTime: boolean;
  readonly setMode: boolean;
}

/** A control connection, logged in, with the destination as its folder. */
export interface FtpLine {
  readonly client: Client;
  readonly features: FtpFeatures;
}

/** Logs in and goes to the folder, which is made where it is missing. Throws a `StoreError`. */
export async function openLine(options: FtpOptions): Promise<FtpLine> {
  const { label, host, user, tls, trusted, idleMs } = options;
  const client = new Client(idleMs);
  // One byte for one character: names are their exact bytes, whatever encoding the server believes in.
  client.ftp.encoding = "latin1";
  try {
    await client.access({
      host,
      ...(options.port === undefined ? (tls === "implicit" ? { port: 990 } : {}) : { port: options.port }),
      ...(user === undefined ? {} : { user, password: (await options.password()) ?? "" }),
      secure: tls === "none" ? false : tls === "implicit" ? "implicit" : true,
      secureOptions: { host, ...(trusted === undefined ? {} : { ca: [...trusted] }) },
    });
    await enter(client, options.path);
    const known = await client.features();
    const { message: help } = await client.sendIgnoringError("SITE HELP");
    const features = { facts: known.has("MLST"), setTime: known.has("MFMT"), setMode: /\bCHMOD\b/i.test(help) };
    return { client, features };
  } catch (error) {
    client.close();
    throw ftpError(label, error);
  }
}

async function enter(client: Client, path: string): Promise<void> {
  const folder = wire(path).replace(/(?<=.)\/+$/, "");
  if (folder === "" || folder === ".") return;
  const { code } = await client.sendIgnoringError(`CWD ${folder}`);
  if (code < 400) return;
  for (let slash = folder.indexOf("/", 1); slash > 0; slash = folder.indexOf("/", slash + 1))
    await client.sendIgnoringError(`MKD ${folder.slice(0, slash)}`);
  await client.sendIgnoringError(`MKD ${folder}`);
  await client.send(`CWD ${folder}`);
}

/** A path as it goes over the line: a character for each byte. Relative ones never begin with a space, which servers drop. */
export function wire(path: string): string {
  const text = Buffer.from(nameToBytes(path)).toString("latin1");
  return text.startsWith(" ") ? `./${text}` : text;
}

/** RFC 959, 4.2: 4xx may pass, 5xx will not. Words of the server have no password in them: it is not told in any other command. */
export function ftpError(label: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const words = error instanceof Error ? error.message : String(error);
  if (!(error instanceof FTPError)) return brokenLine(label, words, error);
  const { code } = error;
  const said = words.replace(/^\d{3}[ -]/, "");
  if (code === 452 || code === 552 || /no space|disk full|quota/i.test(said))
    return refusedError(`${label}: the destination is full: ${said}`, error);
  if (code === 530 || code === 534)
    return refusedError(`${label}: ${code === 530 ? "login refused" : "no encryption there"}: ${said}`, error);
  if (code === 421 || code === 425 || code === 426) return lineError(`${label}: ${said}`, error);
  if (code < 500) return new StoreError(said, { transient: true, concerns: "entry", cause: error });
  return entryError(/permission denied/i.test(said) ? "permission denied" : `the server says "${said}"`, error);
}

function brokenLine(label: string, words: string, error: unknown): StoreError {
  const code = systemCode(error);
  // Node's names for what is wrong with a certificate; there is no point in another attempt.
  const isUntrusted = code !== undefined && /CERT|SELF_SIGNED|ISSUER/.test(code);
  if (isUntrusted)
    return refusedError(`${label}: its certificate is not trusted: ${words}; --ca-file names one that is`, error);
  if (code === "ENOTFOUND") return refusedError(`${label}: no such host`, error);
  const said = code !== undefined && /^E[A-Z]+$/.test(code) ? reason(error) : words;
  return lineError(`${label}: ${said}`, error);
}
