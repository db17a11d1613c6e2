import { NomountError } from "../../error.ts";
import { type HostSettings, settingsFor } from "./ssh-config.ts";

/** A host as somebody named it: what is not said here is ssh_config's. */
export interface NamedHost {
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
}

const MAX_JUMPS = 8;

/** The hosts on the way to one, and that itself, as the files of ssh_config say; `knownHosts` instead of the user's own files. */
export function routeTo(named: NamedHost, files: readonly string[], knownHosts?: string): readonly HostSettings[] {
  const route: HostSettings[] = [];
  let next: NamedHost | undefined = named;
  let before: readonly string[] | undefined;
  while (next !== undefined) {
    const found = settingsFor(next.host, files);
    const { user, port }: NamedHost = next;
    route.unshift({
      ...found,
      user: user ?? found.user,
      port: port ?? found.port,
      ...(knownHosts === undefined ? {} : { userKnownHosts: [knownHosts], globalKnownHosts: [] }),
    });
    if (route.length > MAX_JUMPS) throw new NomountError("usage", `ProxyJump of ${named.host} leads through too many hosts`);
    // A host on the way may itself be behind another, but only the first of a list.
    before = before === undefined || before.length === 0 ? found.proxyJump : before;
    const last: string | undefined = before.at(-1);
    before = before.slice(0, -1);
    next = last === undefined ? undefined : hostOf(last);
  }
  return route;
}

/** "[user@]host[:port]", as ProxyJump has it. */
function hostOf(text: string): NamedHost {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?\/?$/.exec(text.trim()) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw new NomountError("usage", `ProxyJump ${text}: expected [user@]host[:port]`);
  return { host, user, port: port === undefined ? undefined : Number(port) };
}
