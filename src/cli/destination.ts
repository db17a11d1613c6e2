import { statSync } from "node:fs";
import type { FolderOptions } from "../sink/folder/folder-sink.ts";
import type { RemoteOptions } from "../sink/remote/remote-options.ts";
import type { Sink } from "../sink/sink.ts";
import type { Target } from "../sink/target.ts";
import { type ArchiveEnding, archiveFor, archiveOf } from "./archives.ts";
import type { Context } from "./context.ts";
import { type Place, parsePlace } from "./place.ts";
import type { Access } from "./store-of.ts";

/** Everything that may be said of a destination. */
export interface DestinationOptions extends FolderOptions, RemoteOptions, Access {
  /** It is an archive of this kind, whatever its name says. */
  readonly archive?: ArchiveEnding | undefined;
}

/** The sink that the last word of `cp` names: a folder or an archive, of this machine or on a server. Throws `usage`. */
export async function destinationOf(word: string, options: DestinationOptions, context: Context): Promise<Sink> {
  const place = parsePlace(word);
  const asked = options.archive === undefined ? undefined : archiveFor(options.archive);
  const archive = asked ?? (isFolder(place) ? undefined : archiveOf(place));
  if (archive !== undefined) return archive(await targetOf(place, options, context));
  if (place.scheme === "file" || place.scheme === "stdout") {
    const { FolderSink } = await import("../sink/folder/folder-sink.ts");
    return new FolderSink(place.path, options);
  }
  const { storeOf } = await import("./store-of.ts");
  const { TreeSink } = await import("../sink/remote/tree-sink.ts");
  return new TreeSink(await storeOf(place, options, context), options);
}

/** A name with "/" at its end, or of a folder that is there, is a folder whatever else its ending may say. */
function isFolder({ scheme, path }: Place): boolean {
  return path.endsWith("/") || (scheme === "file" && isDirectory(path));
}

async function targetOf(place: Place, options: DestinationOptions, context: Context): Promise<Target> {
  if (place.scheme === "file") {
    const { FileTarget } = await import("../sink/file-target.ts");
    return new FileTarget(place.path, options.existing);
  }
  if (place.scheme === "stdout") {
    const { StdoutTarget } = await import("./stdout-target.ts");
    return new StdoutTarget(context.stdout);
  }
  const { storeOf } = await import("./store-of.ts");
  const { StoreTarget } = await import("../sink/remote/store-target.ts");
  const slash = place.path.lastIndexOf("/");
  const folder = slash === 0 ? "/" : place.path.slice(0, Math.max(0, slash));
  return new StoreTarget(await storeOf({ ...place, path: folder }, options, context), place.path.slice(slash + 1), options);
}

/** What cannot be looked at is not one; why comes up when it is written. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
