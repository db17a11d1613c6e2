import { type Command, Option } from "commander";
import type { StreamsOption } from "../extract/streams.ts";
import { moment } from "./expression.ts";
import { collect, type ImageOptions, parsedBy, withImageOptions } from "./options.ts";

/** What `cp` and `tar` have in common. */
export interface CopyOptions extends ImageOptions {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly newer?: bigint;
  readonly streams: StreamsOption;
  readonly quiet?: boolean;
  readonly progress: "auto" | "json" | "none";
}

export function withCopyOptions(command: Command, json: string): Command {
  const streams = new Option(
    "--streams <how>",
    "named streams (NTFS): as files NAME:STREAM beside theirs, as extended attributes user.STREAM, or not at all",
  );
  return withImageOptions(
    command
      .option(
        "--include <glob>",
        "only what matches by name, or by path from the volume's root if it has a /; may be repeated",
        collect,
      )
      .option("--exclude <glob>", "leave out what matches, directories with all they hold; may be repeated", collect)
      .option(
        "--newer <time>",
        "only files changed after a date, a time, an age (7d) or a local file (./stamp)",
        parsedBy(moment),
      )
      .addOption(streams.choices(["beside", "xattr", "none"]).default("beside"))
      .addOption(
        new Option("--progress <how>", "a line on a terminal, a JSON object a second on standard error, or none")
          .choices(["auto", "json", "none"])
          .default("auto"),
      )
      .option("-q, --quiet", "no progress and no summary; what goes wrong is still said"),
    json,
  );
}
