import { nameFromBytes, nameToBytes } from "../../bytes/names.ts";
import { NomountError } from "../../error.ts";
import type { NodeKind } from "../../filesystem/node.ts";
import type { Entry } from "../sink.ts";

/** The first line. To `sha256sum -c` it is a comment, as all lines with "#" in front are. */
export const HEADER = "# nomount manifest 1\n";

/** What a manifest says of one path. */
export interface ManifestRecord {
  readonly path: string;
  readonly kind: NodeKind | "hard link";
  /** Of a file; undefined in a list that another program made. */
  readonly sizeBytes?: number | undefined;
  readonly modifiedNs?: bigint | undefined;
  /** Of the inode itself, in the guest. */
  readonly changedNs?: bigint | undefined;
  /** Of a symlink its target, of a hard link the path that it is another name of. */
  readonly target?: string | undefined;
  readonly sha256?: string | undefined;
  /** It was the same in an earlier manifest, and is not among what this run has copied. */
  readonly unchanged?: boolean | undefined;
}

export function recordOf({ path, node, linkTarget, hardLinkTo }: Entry, sha256: string | undefined): ManifestRecord {
  const { kind, sizeBytes, modifiedNs, changedNs } = node;
  const isFile = kind === "file" && hardLinkTo === undefined;
  return {
    path,
    kind: hardLinkTo === undefined ? kind : "hard link",
    sizeBytes: isFile ? sizeBytes : undefined,
    modifiedNs,
    changedNs,
    target: hardLinkTo ?? linkTarget,
    sha256: isFile ? sha256 : undefined,
  };
}

/**
 * A record as lines. What a file is stands in a comment, as JSON, and its digest and path in the line after it, as sha256sum has
 * them; everything else is a comment alone.
 */
export function encodeRecord(record: ManifestRecord): Uint8Array {
  const { path, sha256, unchanged, modifiedNs, changedNs, ...rest } = record;
  const facts = { ...rest, modifiedNs: modifiedNs?.toString(), changedNs: changedNs?.toString() };
  if (sha256 === undefined || unchanged === true)
    return nameToBytes(`# ${JSON.stringify({ path, ...facts, sha256, unchanged })}\n`);
  return nameToBytes(`# ${JSON.stringify(facts)}\n${checksumLine(sha256, path)}\n`);
}

/** Names with a line break or a backslash are escaped, and a backslash in front says so (GNU coreutils, "md5sum invocation"). */
function checksumLine(sha256: string, path: string): string {
  if (!/[\\\n\r]/.test(path)) return `${sha256}  ${path}`;
  const escaped = path.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `\\${sha256}  ${escaped}`;
}

/** Reads a manifest line by line: each gives a record, or nothing yet. Throws `corrupt` at what is no manifest. */
export class RecordParser {
  readonly #label: string;
  #lineNumber = 0;
  /** What the comment said of the file whose digest comes next. */
  #facts: Facts | undefined;

  constructor(label: string) {
    this.#label = label;
  }

  /** Whether a record has begun that is not complete. */
  get isInside(): boolean {
    return this.#facts !== undefined;
  }

  line(bytes: Uint8Array): ManifestRecord | undefined {
    this.#lineNumber += 1;
    const text = nameFromBytes(bytes);
    if (text === "" || (text.startsWith("#") && !text.startsWith("# {"))) return undefined;
    if (text.startsWith("#")) return this.#comment(text.slice(2));
    const [, mark, sha256, name] = /^(\\?)([0-9a-f]{64}) [ *](.+)$/s.exec(text) ?? [];
    if (sha256 === undefined || name === undefined) throw this.#wrong("expected a SHA-256, two spaces and a path");
    const path = mark === "" ? name : name.replace(/\\([\\nr])/g, (_, what) => UNESCAPED[what as keyof typeof UNESCAPED]);
    const facts = this.#facts ?? { kind: "file" };
    this.#facts = undefined;
    return { ...facts, path, sha256 };
  }

  #comment(json: string): ManifestRecord | undefined {
    const facts = this.#parse(json);
    const { path } = facts;
    if (path !== undefined) return { ...facts, path };
    this.#facts = facts;
    return undefined;
  }

  #parse(json: string): Facts {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      throw this.#wrong("the comment holds no JSON");
    }
    if (typeof value !== "object" || value === null) throw this.#wrong("the comment holds no JSON object");
    const fields = new Map<string, unknown>(Object.entries(value));
    const kind = KINDS.find((one) => one === fields.get("kind"));
    if (kind === undefined) throw this.#wrong(`unknown kind ${JSON.stringify(fields.get("kind"))}`);
    const sizeBytes = fields.get("sizeBytes");
    if (sizeBytes !== undefined && !(typeof sizeBytes === "number" && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0))
      throw this.#wrong("sizeBytes is no size");
    const text = (name: string): string | undefined => {
      const field = fields.get(name);
      if (field === undefined || typeof field === "string") return field;
      throw this.#wrong(`${name} is no text`);
    };
    const time = (name: string): bigint | undefined => {
      const field = text(name);
      if (field === undefined || /^-?\d{1,24}$/.test(field)) return field === undefined ? undefined : BigInt(field);
      throw this.#wrong(`${name} is no number of nanoseconds`);
    };
    const sha256 = text("sha256");
    if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) throw this.#wrong("sha256 is no SHA-256");
    return {
      path: text("path"),
      kind,
      sizeBytes,
      modifiedNs: time("modifiedNs"),
      changedNs: time("changedNs"),
      target: text("target"),
      sha256,
      unchanged: fields.get("unchanged") === true ? true : undefined,
    };
  }

  #wrong(why: string): NomountError {
    return new NomountError("corrupt", `${this.#label}: line ${this.#lineNumber} is none of a manifest: ${why}`);
  }
}

type Facts = Omit<ManifestRecord, "path"> & { readonly path?: string | undefined };

const UNESCAPED = { "\\": "\\", n: "\n", r: "\r" } as const;
const KINDS = [
  "file",
  "directory",
  "symlink",
  "hard link",
  "fifo",
  "socket",
  "char",
  "block",
  "other",
] as const satisfies readonly ManifestRecord["kind"][];
