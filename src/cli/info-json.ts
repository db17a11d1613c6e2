import { NomountError } from "../error.ts";
import type { Content, Place } from "../image/image.ts";
import type { Context } from "./context.ts";
import type { Findings } from "./info.ts";
import { rootOffsetOf } from "./root-offset.ts";

/** The whole nest in JSON, as README "JSON" documents it. */
export function infoJson(
  context: Context,
  image: string,
  roots: readonly Place[],
  findings: Findings | undefined,
  history: boolean,
) {
  const disks = roots.map((root) => ({ ...placeJson(context, root, history), findings: findings?.get(root) ?? null }));
  return { image, disks, warnings: context.warnings };
}

type PlaceJson = ReturnType<typeof placeJson>;

function placeJson(context: Context, place: Place, history: boolean) {
  const { address, source, volume } = place;
  return {
    address,
    label: source.label,
    sizeBytes: source.sizeBytes,
    /** On the device or image, where it lies there in one piece. */
    offsetBytes: rootOffsetOf(source) ?? null,
    volume:
      volume === undefined
        ? null
        : {
            name: volume.name,
            startBytes: volume.startBytes ?? null,
            type: volume.type ?? null,
            label: volume.label ?? null,
            uuid: volume.uuid ?? null,
            bootable: volume.bootable,
            container: volume.container,
            hidden: volume.hidden === true,
            snapshotOf: volume.snapshotOf ?? null,
            flags: volume.flags,
          },
    content: contentJson(context, place.content, history),
  };
}

function contentJson(
  context: Context,
  content: Content,
  history: boolean,
): { kind: string; volumes?: PlaceJson[] } & Record<string, unknown> {
  switch (content.kind) {
    case "filesystem":
      return fileSystemJson(context, content);
    case "volumes": {
      const { scheme, label, uuid, sectorBytes, notes } = content.table;
      const volumes = content.places.map((place) => placeJson(context, place, history));
      const told = history ? { history: content.table.history?.() ?? null } : {};
      return { kind: "volumes", scheme, label, uuid: uuid ?? null, sectorBytes: sectorBytes ?? null, notes, ...told, volumes };
    }
    case "member":
      return { kind: "member", scheme: content.table.scheme, label: content.table.label, of: content.of.address };
    case "recognised": {
      const { format, label, uuid, advice } = content;
      return { kind: "recognised", format, label: label ?? null, uuid: uuid ?? null, advice: advice ?? null };
    }
    case "damaged":
      return damagedJson(context, content.error);
    case "unknown":
      return { kind: "unknown" };
  }
}

function fileSystemJson(context: Context, content: Extract<Content, { kind: "filesystem" }>) {
  try {
    const { type, label, uuid, space, state, details } = content.open();
    const { clean, warning = null, journal = null } = state;
    return { kind: "filesystem", type, label, uuid, ...space, clean, warning, journal, details };
  } catch (error) {
    if (!(error instanceof NomountError)) throw error;
    return damagedJson(context, error);
  }
}

function damagedJson(context: Context, { kind: reason, message }: NomountError) {
  context.fail();
  return { kind: "damaged", reason, message };
}
