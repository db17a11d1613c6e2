import { readFileSync } from "node:fs";
import ssh2, { type AnyAuthMethod } from "ssh2";
import { reason, systemCode } from "../failure.ts";
import { refusedError } from "../remote/store-error.ts";
import type { HostSettings } from "./ssh-config.ts";

/** Asks who sits at the terminal; undefined where nobody does. */
export type Ask = (question: string, answer: "shown" | "hidden") => Promise<string | undefined>;

export interface LoginSettings {
  readonly ask: Ask;
  /** A password that was given by file or environment. */
  readonly password: string | undefined;
  /** Key files that were named: tried before all others, and missing ones are an error. */
  readonly identityFiles: readonly string[];
}

/** The ways to log in to a host, in the order in which they are tried; who has to be asked is asked when it comes to that. */
export async function* loginMethods(host: HostSettings, settings: LoginSettings): AsyncGenerator<AnyAuthMethod, undefined> {
  const username = host.user;
  for (const file of settings.identityFiles) {
    const key = await keyOf(file, settings.ask, "wanted");
    if (key === undefined) throw refusedError(`${file}: there is no such key file`);
    yield { type: "publickey", username, key };
  }
  if (!host.identitiesOnly && host.agent !== undefined) yield { type: "agent", username, agent: host.agent };
  for (const file of host.identityFiles) {
    const key = await keyOf(file, settings.ask, "usual");
    if (key !== undefined) yield { type: "publickey", username, key };
  }
  const question = `Password of ${username}@${host.host}: `;
  const password = settings.password ?? (await settings.ask(question, "hidden"));
  if (password === undefined) return undefined;
  yield { type: "password", username, password };
  yield {
    type: "keyboard-interactive",
    username,
    prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
  };
  return undefined;
}

/** A private key, its passphrase asked for where it has one; undefined where there is no such file, or nobody to ask. */
async function keyOf(file: string, ask: Ask, which: "wanted" | "usual") {
  let text: Buffer;
  try {
    text = readFileSync(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw refusedError(`${file} cannot be read: ${reason(error)}`, error);
  }
  const key = parsed(text);
  if (!(key instanceof Error)) return key;
  if (!/encrypted|passphrase/i.test(key.message)) throw refusedError(`${file}: no private key: ${key.message}`, key);
  const passphrase = await ask(`Passphrase of ${file}: `, "hidden");
  if (passphrase === undefined && which === "usual") return undefined;
  if (passphrase === undefined)
    throw refusedError(`${file} has a passphrase, and there is no terminal to ask for it: use an agent`);
  const opened = parsed(text, passphrase);
  if (opened instanceof Error) throw refusedError(`${file} does not open with this passphrase`);
  return opened;
}

function parsed(text: Buffer, passphrase?: string) {
  const key = ssh2.utils.parseKey(text, passphrase);
  return Array.isArray(key) ? (key[0] ?? new Error("it is empty")) : key;
}
