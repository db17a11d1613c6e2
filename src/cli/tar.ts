import { Command, Option } from "commander";
import { type ArchiveEnding, archiveEndingOf } from "./archives.ts";
import type { Context } from "./context.ts";
import { type CopyOptions, withCopyOptions } from "./copy-options.ts";
import { interruptible } from "./interrupt.ts";
import { ADDRESS_ARGUMENT, examples, IMAGE_ARGUMENT } from "./options.ts";

interface TarOptions extends CopyOptions {
  readonly file: string;
  readonly gzip?: boolean;
  readonly zstd?: boolean;
}

export function tarCommand(context: Context): Command {
  const command = new Command("tar")
    .summary("write files and trees to standard output, or a file, as a tar stream")
    .description(
      "Writes a tar stream (pax) with everything that tar can hold: owners, links, devices, times to the nanosecond, extended attributes, ACLs, holes. " +
        "Names are as `nomount cp` has them.",
    )
    .argument("<image>", IMAGE_ARGUMENT)
    .argument("<address...>", ADDRESS_ARGUMENT)
    .option(
      "-f, --file <destination>",
      "write it there, whole or not at all, as its name says: .tar, .tar.gz, .tar.zst, .zip",
      "-",
    )
    .addOption(new Option("-z, --gzip", "compress it by gzip").conflicts("zstd"))
    .option("--zstd", "compress it by zstd");
  return withCopyOptions(command, "the report as one JSON object on standard error")
    .addHelpText(
      "after",
      examples(
        ["A home directory", "nomount tar disk.img p1:/home/ana > ana.tar"],
        [
          "Onto another machine, everything kept",
          "nomount tar disk.img p1:/ | ssh root@host 'tar -x -C /mnt --xattrs --xattrs-include=\"*\" --acls --numeric-owner'",
        ],
        ["From a compressed image to a compressed archive", "zcat disk.img.gz | nomount tar -z - p1:/etc > etc.tar.gz"],
      ),
    )
    .action(async (path: string, addresses: string[], options: TarOptions) => {
      const { copy } = await import("./copy.ts");
      const { destinationOf } = await import("./destination.ts");
      const { file } = options;
      const sink = await destinationOf(file, { archive: archiveAsked(options) }, context);
      const work = (signal?: AbortSignal): Promise<void> =>
        copy(context, path, addresses, sink, options, { jsonTo: context.stderr, signal });
      await (file === "-" ? work() : interruptible(work));
    });
}

function archiveAsked({ file, gzip, zstd }: TarOptions): ArchiveEnding {
  if (gzip === true) return ".tar.gz";
  if (zstd === true) return ".tar.zst";
  return archiveEndingOf(file) ?? ".tar";
}
