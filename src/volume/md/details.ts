import { isoTime } from "../iso-time.ts";
import type { Detail } from "../volume.ts";
import type { Assembled, JudgedMember } from "./assemble.ts";

const PARITY_LAYOUTS = [
  "left-asymmetric",
  "right-asymmetric",
  "left-symmetric",
  "right-symmetric",
  "parity-first",
  "parity-last",
];
const RAID6_LAYOUTS: ReadonlyMap<number, string> = new Map([
  ...PARITY_LAYOUTS.map((name, i) => [i, name] as const),
  [8, "ddf-zero-restart"],
  [9, "ddf-N-restart"],
  [10, "ddf-N-continue"],
  ...PARITY_LAYOUTS.slice(0, 5).map((name, i) => [16 + i, `${name}-6`] as const),
]);

export function levelName(level: number): string {
  return level === -1 ? "linear" : `raid${level}`;
}

/** In the words of mdadm; undefined where a level has but one. */
export function layoutName(level: number, layout: number): string | undefined {
  if (level === 5) return PARITY_LAYOUTS[layout] ?? String(layout);
  if (level === 6) return RAID6_LAYOUTS.get(layout) ?? String(layout);
  if (level !== 10) return undefined;
  const near = layout & 0xff;
  const far = (layout >>> 8) & 0xff;
  const copies = near > 1 || far === 1 ? [`near=${near}`] : [];
  if (far > 1) copies.push(`${(layout & 0x10000) === 0 ? "far" : "offset"}=${far}`);
  return copies.join(", ");
}

/** What `mdadm --detail` tells of an array, and `--examine` of its devices. */
export function arrayDetails({ newest, members }: Assembled): readonly Detail[] {
  const details: Detail[] = [
    { name: "superblock", value: newest.version },
    { name: "events", value: String(newest.events) },
    { name: "created", value: isoTime(newest.createdAt) },
    { name: "updated", value: isoTime(newest.updatedAt) },
    { name: "state", value: stateOf(newest.syncedBytes) },
  ];
  if (newest.bitmapAtBytes !== undefined) details.push({ name: "bitmap", value: "on the devices" });
  for (const judged of [...members].sort(byRole)) details.push({ name: nameOf(judged), value: lineOf(judged) });
  return details;
}

/** What a volume of it is: level, layout, chunk size, devices. */
export function levelDetails({ newest }: Assembled, degraded: readonly string[]): readonly Detail[] {
  const { level, layout, chunkBytes, deviceCount } = newest;
  const details: Detail[] = [{ name: "level", value: levelName(level) }];
  const name = layoutName(level, layout);
  if (name !== undefined) details.push({ name: "layout", value: name });
  if (level !== 1 && chunkBytes > 0) details.push({ name: "chunk size", value: `${chunkBytes} bytes` });
  details.push({ name: "devices", value: String(deviceCount) });
  if (degraded.length > 0) details.push({ name: "degraded", value: degraded.join("; ") });
  return details;
}

function stateOf(syncedBytes: number): string {
  if (!Number.isFinite(syncedBytes)) return "clean";
  return syncedBytes === 0 ? "it was being written, or is not in sync" : `in sync up to byte ${syncedBytes} of each device`;
}

function byRole(a: JudgedMember, b: JudgedMember): number {
  const place = ({ role }: JudgedMember) => (typeof role === "number" ? role : Number.MAX_SAFE_INTEGER);
  return place(a) - place(b);
}

function nameOf({ role }: JudgedMember): string {
  return typeof role === "number" ? `device ${role}` : role;
}

function lineOf({ member, stale }: JudgedMember): string {
  const facts = [member.source.label];
  if (member.version !== "0.90") facts.push(member.uuid, `data from byte ${member.dataStartBytes}`);
  if (stale) facts.push(`stale, ${member.events} events`);
  if (member.replacement) facts.push("a replacement");
  if (Number.isFinite(member.rebuiltBytes)) facts.push(`rebuilt up to byte ${member.rebuiltBytes}`);
  if (member.badStretches.length > 0) facts.push(`${member.badStretches.length} bad stretches`);
  return facts.join(", ");
}
