import type { PieceFormat } from "../sink/compress/piece-stream.ts";
import type { Sink } from "../sink/sink.ts";
import type { Target } from "../sink/target.ts";
import type { Place } from "./place.ts";

/** Makes an archive at a place where it appears when it is whole. */
export type Archive = (target: Target) => Promise<Sink>;

/** By the ending of a name; the longest that fits. */
const ARCHIVES = {
  ".tar": (target) => tar(target),
  ".tar.gz": (target) => tar(target, gzip),
  ".tgz": (target) => tar(target, gzip),
  ".tar.zst": (target) => tar(target, zstd),
  ".tzst": (target) => tar(target, zstd),
  ".zip": zip,
} as const satisfies Readonly<Record<string, Archive>>;

export type ArchiveEnding = keyof typeof ARCHIVES;

/** What makes an archive of the kind that has this ending. */
export function archiveFor(ending: ArchiveEnding): Archive {
  return ARCHIVES[ending];
}

/** The ending that says what archive a name asks for, or undefined. */
export function archiveEndingOf(path: string): ArchiveEnding | undefined {
  const isEnding = (ending: string): ending is ArchiveEnding => path.toLowerCase().endsWith(ending);
  return Object.keys(ARCHIVES)
    .filter(isEnding)
    .toSorted((a, b) => b.length - a.length)[0];
}

/** What makes the archive that a destination's name asks for; undefined where it names a folder. Standard output takes tar. */
export function archiveOf({ scheme, path }: Place): Archive | undefined {
  const ending = scheme === "stdout" ? ".tar" : archiveEndingOf(path);
  return ending === undefined ? undefined : ARCHIVES[ending];
}

async function tar(target: Target, compression?: () => Promise<PieceFormat>): Promise<Sink> {
  const { StreamedSink } = await import("../sink/streamed-sink.ts");
  const { TarSink } = await import("../sink/tar/tar-sink.ts");
  return new StreamedSink(target, (out) => new TarSink(out), compression);
}

async function zip(target: Target): Promise<Sink> {
  const { StreamedSink } = await import("../sink/streamed-sink.ts");
  const { ZipSink } = await import("../sink/zip/zip-sink.ts");
  return new StreamedSink(target, (out) => new ZipSink(out));
}

async function gzip(): Promise<PieceFormat> {
  return (await import("../sink/compress/gzip.ts")).gzip();
}

async function zstd(): Promise<PieceFormat> {
  return (await import("../sink/compress/zstd.ts")).zstd();
}
