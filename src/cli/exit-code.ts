import type { ErrorKind } from "../error.ts";

/** What the command's exit status says; scripts depend on these. */
export const EXIT = {
  /** Everything asked for was done. */
  ok: 0,
  /** Some of what was asked for could not be had; the rest was done. */
  partial: 1,
  usage: 2,
  /** The device or image cannot be opened or read, or nothing in it can. */
  source: 3,
  destination: 4,
  /** An error of nomount's own: sysexits.h EX_SOFTWARE. */
  bug: 70,
  /** 128 + SIGINT, as shells have it. */
  interrupted: 130,
  /** 128 + SIGPIPE: the reader of a pipe has gone. */
  brokenPipe: 141,
} as const;

/** The status for an error that ends a command. */
export function exitCodeOf(kind: ErrorKind): number {
  switch (kind) {
    case "path":
      return EXIT.partial;
    case "usage":
      return EXIT.usage;
    case "sink":
      return EXIT.destination;
    case "corrupt":
    case "unsupported":
    case "source":
      return EXIT.source;
  }
}
