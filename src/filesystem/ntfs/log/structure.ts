import { damageOf } from "../../../error.ts";
import { parseFileRecord } from "../file-record.ts";
import { ATTRIBUTE } from "../ids.ts";
import { parseNode } from "../index-node.ts";
import { indexBlock, indexRoot } from "../layout.ts";
import { applyUpdateSequence } from "../update-sequence.ts";
import type { OpenAttribute } from "./tables.ts";

/** Indexes of names; the keys of others ($SDH, $SII, $O, $Q, $R) are not read here. */
const NAMES = "$I30";

/** What is wrong with a FILE record or index block as it lies on disk, or undefined where it can be read. */
export function structureProblem(kind: "record" | "index", attribute: OpenAttribute, bytes: Uint8Array): string | undefined {
  if (kind === "record") return recordProblem(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tear = applyUpdateSequence(view, 0, bytes.length);
  if (tear !== undefined) return tear.problem;
  const entries = attribute.name === NAMES ? parseNode(bytes, indexBlock.sizeBytes) : [];
  return typeof entries === "string" ? entries : undefined;
}

function recordProblem(bytes: Uint8Array): string | undefined {
  try {
    const { attributes } = parseFileRecord(bytes, 0, { where: () => ({ label: "$MFT" }) });
    for (const { type, name, isResident, value } of attributes) {
      if (type !== ATTRIBUTE.indexRoot || name !== NAMES || !isResident) continue;
      const entries = value.length < indexRoot.sizeBytes ? "it is too short" : parseNode(value, indexRoot.sizeBytes);
      if (typeof entries === "string") return `$INDEX_ROOT:${name}: ${entries}`;
    }
    return undefined;
  } catch (error) {
    return damageOf(error).message;
  }
}
