import type { OverlaySource } from "../../../source/overlay.ts";
import type { Geometry } from "../boot-sector.ts";
import { FILE_SIGNATURE } from "../file-record.ts";
import { ATTRIBUTE } from "../ids.ts";
import { indexBlock } from "../layout.ts";
import { applyUpdateSequence } from "../update-sequence.ts";
import type { Change } from "./change.ts";
import { changeBlock } from "./change-block.ts";
import { changeClusters } from "./change-clusters.ts";
import { changeRecord } from "./change-record.ts";
import { Clusters } from "./clusters.ts";
import { OPERATION, type Target, targetOf } from "./operations.ts";
import { writeUpdateSequence } from "./protect.ts";
import { type Action, type LogRecord, recordTitle } from "./record.ts";
import { structureProblem } from "./structure.ts";
import type { OpenAttribute } from "./tables.ts";

/** Where an action finds what it changes. */
export interface Place {
  readonly attribute: OpenAttribute;
  /** The clusters from the record's VCN on; fewer than the record has where the last were given up. */
  readonly lcns: readonly bigint[];
}

/** A FILE record or index block that was changed. */
interface Structure {
  readonly kind: "record" | "index";
  readonly place: Place;
  readonly offset: number;
  readonly lengthBytes: number;
  /** The record of the log that changed it last. */
  title: string;
}

const INDX_SIGNATURE = 0x58444e49;
/** "HOLE", in pages that Windows never wrote to the disk (fslog.c, `check_lsn`). */
const HOLE_SIGNATURE = 0x454c4f48;
/** At the same place in FILE records and index blocks: the last record of the log that changed it. */
const LSN = indexBlock.offsetOf("logSequence");
/** Far above what Windows itself keeps unwritten; all of it is held in memory here. */
const MOST_BYTES = 512 * 1024 * 1024;

/** The volume as it becomes: actions of the log, each upon what those before it have left. */
export class Draft {
  readonly #clusters: Clusters;
  readonly #geometry: Geometry;
  readonly #structures = new Map<string, Structure>();
  /** Structures that carry numbers behind the end of this log. */
  readonly #foreign = new Set<string>();
  readonly #lastLsn: bigint;

  constructor(overlay: OverlaySource, geometry: Geometry, lastLsn: bigint) {
    this.#clusters = new Clusters(overlay, geometry.clusterBytes);
    this.#geometry = geometry;
    this.#lastLsn = lastLsn;
  }

  /** How many clusters differ from what lies on the disk. */
  get changedClusters(): number {
    return this.#clusters.writtenCount;
  }

  /** Whether one of the volume's clusters from `lcn` on was changed. */
  hasChanged(lcn: number, count: number): boolean {
    return this.#clusters.hasWritten(lcn, count);
  }

  /** How many FILE records and index blocks were left as they are, since another log has numbered them. */
  get foreignStructures(): number {
    return this.#foreign.size;
  }

  /**
   * Applies an action. `lsn`: redo, unless what it changes has this change already or later ones, and note the number there;
   * undefined: undo. Returns what is wrong.
   */
  apply(record: LogRecord, action: Action, place: Place, lsn: bigint | undefined): string | undefined {
    const target = targetOf(action.operation);
    if (target === undefined) return undefined;
    const { clusterBytes, clusterCount } = this.#geometry;
    const beyond = place.lcns.find((lcn) => lcn >= BigInt(clusterCount));
    if (beyond !== undefined) return `cluster ${beyond} is past the volume's ${clusterCount}`;
    const offset = record.clusterOffset;
    const end = place.lcns.length * clusterBytes;
    const kind = structureOf(target, place.attribute);
    const lengthBytes = kind === undefined ? end - offset : this.#lengthOf(kind, place.attribute);
    if (lengthBytes <= 0 || offset + lengthBytes > end) {
      // What lay in clusters that were given up since is of no more use.
      if (place.lcns.length < record.lcns.length) return undefined;
      return `${lengthBytes} bytes at ${offset} do not fit its ${place.lcns.length} clusters`;
    }
    if (this.#clusters.bytesInMemory > MOST_BYTES) return `what it and others change takes more than ${MOST_BYTES} bytes`;
    const bytes = this.#clusters.read(place.lcns, offset, lengthBytes);
    const change: Change = { record, action, bytes, view: new DataView(bytes.buffer) };
    if (kind !== undefined) return this.#applyToStructure(change, { kind, place, offset, lengthBytes, title: "" }, lsn);
    const room = lengthBytes - record.recordOffset - record.attributeOffset;
    const isCut = place.lcns.length < record.lcns.length && room < action.lengthBytes;
    const problem = changeClusters(isCut ? { ...change, action: cut(action, Math.max(0, room)) } : change);
    if (problem === undefined) this.#clusters.write(place.lcns, offset, bytes);
    return problem;
  }

  /** What is wrong with the structures that the changes have left, or undefined where all of them can be read. */
  problem(): string | undefined {
    for (const { kind, place, offset, lengthBytes, title } of this.#structures.values()) {
      const bytes = this.#clusters.read(place.lcns, offset, lengthBytes);
      const problem = structureProblem(kind, place.attribute, bytes);
      if (problem !== undefined) return `${title} leaves ${kind === "record" ? "a FILE record" : "an index block"}: ${problem}`;
    }
    return undefined;
  }

  #applyToStructure(change: Change, structure: Structure, lsn: bigint | undefined): string | undefined {
    const { record, action, bytes, view } = change;
    const { kind, place, offset } = structure;
    const name = `${place.lcns[0]} ${offset}`;
    const signature = kind === "record" ? FILE_SIGNATURE : INDX_SIGNATURE;
    const found = view.getUint32(0, true);
    if (found === HOLE_SIGNATURE && lsn !== undefined) return undefined;
    const isWhole = found === signature && applyUpdateSequence(view, 0, bytes.length) === undefined;
    const asBytes = action.operation === OPERATION.updateNonresidentValue;
    // What writes the whole structure needs nothing of what was there.
    const isWritten = (asBytes || action.operation === OPERATION.initializeFileRecord) && record.recordOffset === 0;
    if (!isWhole && !isWritten) return `${kind === "record" ? "the FILE record" : "the index block"} is torn, or none`;
    if (!isWhole) bytes.fill(0);
    // Bytes are written again whatever the number says, since what came later is redone on them.
    if (isWhole && !asBytes && lsn !== undefined && this.#hasChange(view, lsn, name)) return undefined;
    const problem = this.#change(change, kind);
    if (problem !== undefined) return problem;
    if (!asBytes && lsn !== undefined) view.setBigUint64(LSN, lsn, true);
    if (!writeUpdateSequence(bytes, view)) return "what it leaves has no room for an update sequence";
    this.#clusters.write(place.lcns, offset, bytes);
    this.#structures.set(name, { ...structure, title: recordTitle(record.lsn, action.operation) });
    return undefined;
  }

  #change(change: Change, kind: Structure["kind"]): string | undefined {
    if (targetOf(change.action.operation) === "clusters") return changeClusters(change);
    return kind === "record" ? changeRecord(change, this.#geometry.clusterCount) : changeBlock(change);
  }

  #hasChange(view: DataView, lsn: bigint, name: string): boolean {
    const found = view.getBigUint64(LSN, true);
    if (found > this.#lastLsn) this.#foreign.add(name);
    return found >= lsn;
  }

  #lengthOf(kind: Structure["kind"], { indexBlockBytes }: OpenAttribute): number {
    if (kind === "record") return this.#geometry.recordBytes;
    return indexBlockBytes === 0 ? this.#geometry.indexBlockBytes : indexBlockBytes;
  }
}

/** Whether the target is guarded by an update sequence. Bits and plain values of an index are index blocks too. */
function structureOf(target: Target, { type }: OpenAttribute): Structure["kind"] | undefined {
  if (target !== "clusters") return target;
  return type === ATTRIBUTE.indexAllocation ? "index" : undefined;
}

function cut(action: Action, lengthBytes: number): Action {
  return { ...action, lengthBytes, data: action.data?.subarray(0, lengthBytes) };
}
