import { Command } from "commander";
import type { Context } from "./context.ts";
import { type CopyOptions, withCopyOptions } from "./copy-options.ts";
import { ADDRESS_ARGUMENT, examples, IMAGE_ARGUMENT } from "./options.ts";

export function tarCommand(context: Context): Command {
  const command = new Command("tar")
    .summary("write files and trees to standard output as a tar stream")
    .description(
      "Writes a tar stream (pax) with everything that tar can hold: owners, links, devices, times to the nanosecond, extended attributes, ACLs, holes. " +
        "Names are as `nomount cp` has them.",
    )
    .argument("<image>", IMAGE_ARGUMENT)
    .argument("<address...>", ADDRESS_ARGUMENT);
  return withCopyOptions(command, "the report as one JSON object on standard error")
    .addHelpText(
      "after",
      examples(
        ["A home directory", "nomount tar disk.img p1:/home/ana > ana.tar"],
        [
          "Onto another machine, everything kept",
          "nomount tar disk.img p1:/ | ssh root@host 'tar -x -C /mnt --xattrs --xattrs-include=\"*\" --acls --numeric-owner'",
        ],
        ["From a compressed image to a compressed archive", "zcat disk.img.gz | nomount tar - p1:/etc | gzip > etc.tar.gz"],
      ),
    )
    .action(async (path: string, addresses: string[], options: CopyOptions) => {
      const { copy } = await import("./copy.ts");
      const { destinationOf } = await import("./destination.ts");
      await copy(context, path, addresses, await destinationOf("-", {}, context), options, { jsonTo: context.stderr });
    });
}
