import type { Node, NodeKind } from "../node.ts";
import { flagNames } from "./file-flags.ts";
import { standardInformation } from "./layout.ts";

const AT = {
  created: standardInformation.offsetOf("created"),
  modified: standardInformation.offsetOf("modified"),
  changed: standardInformation.offsetOf("changed"),
  accessed: standardInformation.offsetOf("accessed"),
  flags: standardInformation.offsetOf("flags"),
} as const;
/** From 1601-01-01 to 1970-01-01. */
const UNIX_EPOCH = 116_444_736_000_000_000n;

/** What else than $STANDARD_INFORMATION tells of a node. */
export type NodeFacts = Pick<Node, "id" | "kind" | "sizeBytes" | "mode" | "uid" | "gid" | "linkCount" | "device">;

/**
 * A file as a node. Trees are listed by the hundred thousand, so times are kept as they lie, in halves, and made when they
 * are asked for: four bigints cost more than all the rest.
 */
export class NtfsNode implements Node {
  readonly id: number;
  readonly kind: NodeKind;
  readonly sizeBytes: number;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly linkCount: number;
  readonly device: Node["device"];
  readonly #flags: number;
  readonly #created: number;
  readonly #createdHigh: number;
  readonly #modified: number;
  readonly #modifiedHigh: number;
  readonly #changed: number;
  readonly #changedHigh: number;
  readonly #accessed: number;
  readonly #accessedHigh: number;

  /** The $STANDARD_INFORMATION at `at` has room for all its fields. */
  constructor(facts: NodeFacts, view: DataView, at: number) {
    this.id = facts.id;
    this.kind = facts.kind;
    this.sizeBytes = facts.sizeBytes;
    this.mode = facts.mode;
    this.uid = facts.uid;
    this.gid = facts.gid;
    this.linkCount = facts.linkCount;
    this.device = facts.device;
    this.#flags = view.getInt32(at + AT.flags, true);
    this.#created = view.getInt32(at + AT.created, true);
    this.#createdHigh = view.getInt32(at + AT.created + 4, true);
    this.#modified = view.getInt32(at + AT.modified, true);
    this.#modifiedHigh = view.getInt32(at + AT.modified + 4, true);
    this.#changed = view.getInt32(at + AT.changed, true);
    this.#changedHigh = view.getInt32(at + AT.changed + 4, true);
    this.#accessed = view.getInt32(at + AT.accessed, true);
    this.#accessedHigh = view.getInt32(at + AT.accessed + 4, true);
  }

  get flags(): readonly string[] {
    return flagNames(this.#flags);
  }

  get createdNs(): bigint | undefined {
    return nanoseconds(this.#createdHigh, this.#created);
  }

  get modifiedNs(): bigint | undefined {
    return nanoseconds(this.#modifiedHigh, this.#modified);
  }

  get changedNs(): bigint | undefined {
    return nanoseconds(this.#changedHigh, this.#changed);
  }

  get accessedNs(): bigint | undefined {
    return nanoseconds(this.#accessedHigh, this.#accessed);
  }
}

/** Units of 100 ns since 1601, signed as Windows takes them; 0 stands for no time at all. */
function nanoseconds(high: number, low: number): bigint | undefined {
  if (high === 0 && low === 0) return undefined;
  return ((BigInt(high) << 32n) + BigInt(low >>> 0) - UNIX_EPOCH) * 100n;
}
