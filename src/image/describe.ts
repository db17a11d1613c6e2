import { NomountError } from "../error.ts";
import type { VolumeTable } from "../volume/volume.ts";
import type { Place } from "./image.ts";

const LISTED_AT_MOST = 20;

/** Why no filesystem is to be had from a place, and what there is instead. */
export function noFileSystem(label: string, place: Place): NomountError {
  const { content } = place;
  switch (content.kind) {
    case "damaged":
      return content.error;
    case "recognised":
      return new NomountError(
        "unsupported",
        `${label}: it holds ${content.format}, which is not read here${content.advice === undefined ? "" : `; ${content.advice}`}`,
      );
    case "member":
      return new NomountError("path", `${label}: no filesystem at byte 0; it is part of what ${content.of.address} holds`);
    case "volumes": {
      const what = `${label}: no filesystem at byte 0; it holds ${tableWords(content.table)}: ${listPlaces(content.places)}`;
      return new NomountError("path", what);
    }
    default:
      return new NomountError(
        "path",
        `${label}: no filesystem at byte 0; info --scan searches all of an image for what is lost`,
      );
  }
}

function tableWords({ scheme, label }: VolumeTable): string {
  if (scheme === "lvm2") return `the volume group ${label}`;
  return scheme === "md" ? `the RAID array ${label}` : "a partition table";
}

/** "p1 ntfs at 32256, p2 ext3 at 10471219200" */
export function listPlaces(places: Iterable<Place>): string {
  const words = [...places].filter(({ volume }) => volume?.container !== true).map(describe);
  if (words.length === 0) return "no volume";
  const more = words.length - LISTED_AT_MOST;
  return words.slice(0, LISTED_AT_MOST).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function describe({ address, volume, content }: Place): string {
  // Deeper down it counts from the volume around it, not from the image.
  const isOutermost = /^(.*!)?[^/]*$/.test(address);
  const start = isOutermost && volume?.startBytes !== undefined ? ` at ${volume.startBytes}` : "";
  return `${address === "" ? "the image itself" : address} ${words(content)}${start}`;
}

function words(content: Place["content"]): string {
  switch (content.kind) {
    case "filesystem":
      return content.type;
    case "recognised":
      return content.format;
    case "volumes":
      return content.table.scheme;
    case "member":
      return content.table.scheme === "md" ? "RAID member" : "LVM2 physical volume";
    default:
      return content.kind;
  }
}
