/** What an archive is, as its name says. */
export interface ArchiveFormat {
  readonly container: "tar" | "zip";
  /** Of the whole stream; a zip compresses each file for itself. */
  readonly compression: "none" | "gzip" | "zstd";
}

const FORMATS: readonly (readonly [ending: string, format: ArchiveFormat])[] = [
  [".tar", { container: "tar", compression: "none" }],
  [".tar.gz", { container: "tar", compression: "gzip" }],
  [".tgz", { container: "tar", compression: "gzip" }],
  [".tar.zst", { container: "tar", compression: "zstd" }],
  [".tzst", { container: "tar", compression: "zstd" }],
  [".zip", { container: "zip", compression: "none" }],
];

/** The format that a file's name asks for by its ending, or undefined: then it is no archive. */
export function archiveFormatOf(name: string): ArchiveFormat | undefined {
  const lower = name.toLowerCase();
  return FORMATS.find(([ending]) => lower.endsWith(ending))?.[1];
}
