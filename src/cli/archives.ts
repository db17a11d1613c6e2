import type { Sink } from "../sink/sink.ts";
import type { Target } from "../sink/target.ts";
import type { Place } from "./place.ts";

/** Makes an archive at a place where it appears when it is whole. */
export type Archive = (target: Target) => Promise<Sink>;

/** By the ending of the destination's name; the longest that fits. */
const ARCHIVES: Readonly<Record<string, Archive>> = {
  ".tar": tar,
};

/** What makes the archive that a destination's name asks for; undefined where it names a folder. Standard output takes tar. */
export function archiveOf({ scheme, path }: Place): Archive | undefined {
  if (scheme === "stdout") return tar;
  const endings = Object.keys(ARCHIVES).filter((ending) => path.toLowerCase().endsWith(ending));
  const [longest] = endings.toSorted((a, b) => b.length - a.length);
  return longest === undefined ? undefined : ARCHIVES[longest];
}

async function tar(target: Target): Promise<Sink> {
  const { StreamedSink } = await import("../sink/streamed-sink.ts");
  const { TarSink } = await import("../sink/tar/tar-sink.ts");
  return new StreamedSink(target, (out) => new TarSink(out));
}
