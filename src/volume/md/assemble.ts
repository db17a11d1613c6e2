import { damageOf, NomountError, type Warn } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { SliceSource } from "../../source/slice.ts";
import type { Leg } from "../raid/leg.ts";
import { separateCopies } from "../separate.ts";
import type { VolumeOptions } from "../volume.ts";
import type { Member, Role } from "./member.ts";
import { readMember } from "./superblock.ts";

/** Devices of one array, judged by the superblock that is newest. */
export interface Assembled {
  readonly newest: Member;
  readonly members: readonly JudgedMember[];
}

export interface JudgedMember {
  readonly member: Member;
  /** As the newest superblock has it. */
  readonly role: Role;
  /** It missed what happened to the array since. */
  readonly stale: boolean;
}

/** Reads superblocks and puts members into their arrays. What cannot be read goes to `warn`, and the rest is put together without it. */
export function assemble(sources: readonly BlockSource[], { around }: VolumeOptions, warn: Warn): readonly Assembled[] {
  const arrays = new Map<string, Member[]>();
  for (const source of sources) {
    try {
      const member = readMember(source);
      arrays.set(member.arrayUuid, [...(arrays.get(member.arrayUuid) ?? []), member]);
    } catch (error) {
      warn(damageOf(error));
    }
  }
  return [...arrays.values()].flatMap((members) => separateCopies(members, around).map(judged));
}

/** One event less than others have is what an update that was cut short leaves; the kernel takes such a member too. */
function judged(members: readonly Member[]): Assembled {
  const newest = members.reduce((best, member) => (member.events > best.events ? member : best));
  return {
    newest,
    members: members.map((member) => ({
      member,
      role: newest.roleOf(member.number),
      stale: member.events + 1n < newest.events,
    })),
  };
}

/** The devices of an array in their order; each that cannot be trusted, or not as a whole, with the reason. */
export function legsOf(label: string, { newest, members }: Assembled): readonly Leg[] {
  return Array.from({ length: newest.deviceCount }, (_, place) => {
    const current = members.filter(({ stale, role }) => !stale && role === place).map(({ member }) => member);
    // The device that is to be replaced is whole, as far as it can be read; what replaces it is not yet.
    const member = current.find(({ replacement }) => !replacement) ?? current[0];
    if (member !== undefined) return legOf(label, place, member);
    const stale = members.find((judged) => placeOf(judged) === place)?.member.source.label;
    const what =
      stale === undefined
        ? `device ${place} is missing; name it too with --pv`
        : `device ${place} (${stale}) is stale: it was away while the others were written`;
    return { name: `device ${place}`, source: undefined, goodBytes: 0, reason: arrayError("source", label, what) };
  });
}

/** Whether there is anything for a place in the array, be it stale. */
export function hasDevice({ members }: Assembled, place: number): boolean {
  return members.some((judged) => placeOf(judged) === place);
}

/** Its place in the array: where the others have given it up, the one that it had last. */
export function placeOf({ member, role }: JudgedMember): Role {
  return typeof role === "number" ? role : member.roleOf(member.number);
}

function legOf(label: string, place: number, member: Member): Leg {
  const { source, dataStartBytes, dataBytes, rebuiltBytes, badStretches } = member;
  const name = `device ${place} (${source.label})`;
  const data = new SliceSource(source, dataStartBytes, dataBytes, `${label} on ${source.label}`);
  const reasons: string[] = [];
  if (Number.isFinite(rebuiltBytes)) reasons.push(`is being rebuilt: it is good up to byte ${rebuiltBytes}`);
  if (badStretches.length > 0) reasons.push(`has lost ${badStretches.length} stretches, by its list of bad blocks`);
  const reason = reasons.length === 0 ? undefined : arrayError("source", label, `${name} ${reasons.join(", and ")}`);
  return { name, source: data, goodBytes: rebuiltBytes, bad: badStretches, reason };
}

/** An error about one array, in the one form of message. */
export function arrayError(kind: "corrupt" | "unsupported" | "source" | "usage", label: string, what: string): NomountError {
  return new NomountError(kind, `md: ${label}: ${what}`);
}
