import { Writable } from "node:stream";
import { Command } from "commander";
import { NomountError } from "../error.ts";
import type { Context } from "./context.ts";
import { type CopyOptions, withCopyOptions } from "./copy-options.ts";
import { ADDRESS_ARGUMENT, examples, IMAGE_ARGUMENT } from "./options.ts";
import type { Output } from "./output.ts";

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
      if (context.stdout.isTerminal)
        throw new NomountError("usage", "a tar stream is not for a terminal: send it to a file or a pipe");
      const { copy } = await import("./copy.ts");
      const { TarSink } = await import("../sink/tar/tar-sink.ts");
      await copy(context, path, addresses, new TarSink(writableTo(context.stdout)), options, { jsonTo: context.stderr });
    });
}

/** The stream that a sink writes to. Writes are synchronous: what is read meanwhile is read by other threads. */
function writableTo(output: Output): Writable {
  return new Writable({
    write: (bytes: Uint8Array, _, done) => {
      try {
        output.bytes(bytes);
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}
