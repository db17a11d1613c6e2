import { readdirSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { systemCode } from "../failure.ts";
import { matchesPatterns } from "./known-hosts.ts";

/** How a host is reached, as ssh_config(5) says it. */
export interface HostSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Under which name its key is known, where that is not the host's own. */
  readonly hostKeyAlias: string | undefined;
  /** In order; those of the configuration, or the usual ones. */
  readonly identityFiles: readonly string[];
  /** Whether the files of the configuration alone are tried, and no agent. */
  readonly identitiesOnly: boolean;
  /** The agent's socket. */
  readonly agent: string | undefined;
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  readonly unknownHosts: "ask" | "accept" | "refuse";
  /** Hosts to go through, in order, each [user@]host[:port]. */
  readonly proxyJump: readonly string[];
}

const USUAL_KEYS = ["id_ed25519", "id_ecdsa", "id_rsa"];
/** As deep as OpenSSH follows Include. */
const MAX_DEPTH = 16;

/** Words after a keyword, by its name in lower case; of most the first counts, of IdentityFile all. */
type Found = Map<string, string[][]>;

/** The settings for a host in files of ssh_config(5), of which the first that says something counts. Missing ones are empty. */
export function settingsFor(alias: string, files: readonly string[], env: NodeJS.ProcessEnv = process.env): HostSettings {
  const found: Found = new Map();
  for (const file of files) readInto(found, alias, file, 0);
  const one = (keyword: string): string | undefined => found.get(keyword)?.[0]?.[0];
  const host = (one("hostname") ?? alias).replace(/%[h%]/g, (token) => (token === "%h" ? alias : "%"));
  const user = one("user") ?? userInfo().username;
  const expand = (text: string): string => expanded(text, { alias, host, user });
  const files1 = (keyword: string, usual: readonly string[]): readonly string[] =>
    (found.get(keyword)?.[0] ?? usual).map(expand);
  const identities = found.get("identityfile")?.flat();
  const agent = one("identityagent") ?? "SSH_AUTH_SOCK";
  const jump = one("proxyjump");
  return {
    host,
    port: Number(one("port") ?? 22),
    user,
    hostKeyAlias: one("hostkeyalias"),
    identityFiles: (identities ?? USUAL_KEYS.map((key) => `~/.ssh/${key}`)).filter((file) => file !== "none").map(expand),
    identitiesOnly: one("identitiesonly")?.toLowerCase() === "yes",
    agent: agent === "none" ? undefined : agent === "SSH_AUTH_SOCK" ? env["SSH_AUTH_SOCK"] : expand(agent),
    userKnownHosts: files1("userknownhostsfile", ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]),
    globalKnownHosts: files1("globalknownhostsfile", ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]),
    unknownHosts: unknownHosts(one("stricthostkeychecking")?.toLowerCase()),
    proxyJump: jump === undefined || jump.toLowerCase() === "none" ? [] : jump.split(","),
  };
}

/** A changed key is refused whatever this says. */
function unknownHosts(strict: string | undefined): HostSettings["unknownHosts"] {
  if (strict === "yes") return "refuse";
  return strict === "accept-new" || strict === "no" || strict === "off" ? "accept" : "ask";
}

function readInto(found: Found, alias: string, file: string, depth: number): void {
  let applies = true;
  for (const line of textOf(file).split("\n")) {
    const [keyword = "", ...words] = wordsOf(line);
    switch (keyword.toLowerCase()) {
      case "":
        break;
      case "host":
        applies = matchesPatterns(words, alias);
        break;
      case "match":
        // Its other conditions ask what only ssh itself knows.
        applies = words.length === 1 && words[0]?.toLowerCase() === "all";
        break;
      case "include":
        if (applies && depth < MAX_DEPTH)
          for (const included of words.flatMap((word) => filesOf(word, dirname(file))))
            readInto(found, alias, included, depth + 1);
        break;
      default:
        if (applies) take(found, keyword.toLowerCase(), words);
    }
  }
}

function take(found: Found, keyword: string, words: string[]): void {
  const known = found.get(keyword);
  if (known === undefined) found.set(keyword, [words]);
  else if (keyword === "identityfile") known.push(words);
}

/** "Keyword word "two words"", "Keyword=word"; a # begins a comment. */
function wordsOf(line: string): string[] {
  const text = line.trim();
  if (text.startsWith("#")) return [];
  const [, keyword = "", rest = ""] = /^([^\s=]+)(?:\s*=\s*|\s+)?(.*)$/.exec(text) ?? [];
  const words = rest.match(/"[^"]*"|[^\s"]+/g) ?? [];
  const comment = words.findIndex((word) => word.startsWith("#"));
  return [keyword, ...(comment < 0 ? words : words.slice(0, comment)).map((word) => word.replace(/^"(.*)"$/, "$1"))];
}

/** Those that an Include names, relative to ~/.ssh in a user's file; * and ? in the last name only. */
function filesOf(word: string, folder: string): readonly string[] {
  const path = word.startsWith("~/") ? join(homedir(), word.slice(2)) : isAbsolute(word) ? word : join(folder, word);
  if (!/[*?]/.test(path)) return [path];
  const parent = dirname(path);
  try {
    return readdirSync(parent)
      .map((name) => join(parent, name))
      .filter((name) => matchesPatterns([path], name))
      .sort();
  } catch {
    return [];
  }
}

function expanded(text: string, { alias, host, user }: { alias: string; host: string; user: string }): string {
  const home = homedir();
  const tokens: Readonly<Record<string, string>> = { d: home, h: host, n: alias, r: user, u: userInfo().username, "%": "%" };
  return text.replace(/^~(?=\/)/, home).replace(/%([dhnru%])/g, (_, token: string) => tokens[token] ?? "");
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR" || code === "EACCES") return "";
    throw error;
  }
}
