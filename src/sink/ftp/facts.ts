import type { Client } from "basic-ftp";
import type { NodeKind } from "../../filesystem/node.ts";
import type { Found } from "../sink.ts";

/** RFC 3659, 2.3: YYYYMMDDHHMMSS in UTC. */
export function timeText(ns: bigint): string {
  return new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19).replace(/[-:T]/g, "");
}

export function timeFromText(text: string): bigint | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(text) ?? [];
  if (second === undefined) return undefined;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return BigInt(ms) * 1_000_000n;
}

/** Undefined where there is no such file, or no such command. */
export async function sizeOf(client: Client, path: string): Promise<number | undefined> {
  const { code, message } = await client.sendIgnoringError(`SIZE ${path}`);
  const size = /^213 (\d+)/.exec(message)?.[1];
  return code < 400 && size !== undefined ? Number(size) : undefined;
}

/** What a server that knows MLST (RFC 3659, 7) says of a name; undefined where there is nothing. */
export async function factsOf(client: Client, path: string): Promise<Found | undefined> {
  const { code, message } = await client.sendIgnoringError(`MLST ${path}`);
  if (code >= 400) return undefined;
  const line = message.split("\n").find((text) => /^[ 250-]*\S+=/.test(text)) ?? "";
  const facts = new Map(
    line
      .replace(/^\s+|^250-/, "")
      .split(";")
      .map((fact) => [fact.slice(0, fact.indexOf("=")).toLowerCase(), fact.slice(fact.indexOf("=") + 1)]),
  );
  return {
    kind: kindOf((facts.get("type") ?? "").toLowerCase()),
    sizeBytes: Number(facts.get("size") ?? 0),
    modifiedNs: timeFromText(facts.get("modify") ?? ""),
    linkTarget: undefined,
    fileId: undefined,
  };
}

function kindOf(type: string): NodeKind {
  if (type === "dir" || type === "cdir" || type === "pdir") return "directory";
  if (type === "file") return "file";
  return type.includes("link") || type.includes("slink") ? "symlink" : "other";
}
