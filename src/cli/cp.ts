import { Command, Option } from "commander";
import type { Pace } from "../sink/sink.ts";
import type { Context } from "./context.ts";
import { type CopyOptions, withCopyOptions } from "./copy-options.ts";
import { interruptible } from "./interrupt.ts";
import { examples, IMAGE_ARGUMENT } from "./options.ts";
import { type ServerOptions, withServerOptions } from "./server-options.ts";

interface CpOptions extends CopyOptions, ServerOptions {
  readonly manifest?: string;
  readonly since?: string;
  readonly verify?: boolean;
  readonly owners?: boolean;
  readonly existing: "replace" | "refuse";
  readonly damaged: "leave-out" | "keep";
}

export function cpCommand(context: Context): Command {
  const command = new Command("cp")
    .summary("copy files and trees to a folder or archive")
    .description(
      "Copies files and trees to a folder, each under its own name; the root of a volume as its content, straight into the folder. " +
        "The folder is made where it is missing. Nothing is written through a symbolic link, and no name leads out of the folder. " +
        "A name that ends in .tar is an archive, and - is a tar stream on standard output. " +
        "Folders and archives may be on servers: sftp://user@host/path/, ftps://user@host/path/, s3://bucket/prefix/.",
    )
    .usage("[options] <image> <address...> <destination>")
    .argument("<image>", IMAGE_ARGUMENT)
    .argument("<address...>", "[VOLUME:]PATH of what to copy, and at the end the folder or archive to copy to")
    .option("--owners", "give files the guest's owners and groups (default for root)")
    .option("--no-owners", "leave files to whoever runs this")
    .addOption(
      new Option("--existing <what>", "files that are there already").choices(["replace", "refuse"]).default("replace"),
    )
    .addOption(
      new Option(
        "--damaged <what>",
        "files of which a part cannot be read: leave them out, or keep them with zeros there; either way they are named and the exit status is 1",
      )
        .choices(["leave-out", "keep"])
        .default("leave-out"),
    )
    .option(
      "--manifest <file>",
      "write down path, size, times and SHA-256 of what was copied, for `nomount verify` and sha256sum -c",
    )
    .option("--verify", "read everything back and compare its SHA-256")
    .option("--since <manifest>", "only what is new or changed since that manifest was made; what is gone is listed");
  return withCopyOptions(withServerOptions(command), "the report as one JSON object on standard output")
    .addHelpText(
      "after",
      examples(
        ["A home directory", "nomount cp disk.img p1:/home/ana ./restored"],
        ["A whole volume into an empty folder", "nomount cp disk.img p1:/ ./restored"],
        ["Straight to a backup server", "nomount cp disk.img p1:/home sftp://backup@host/vm01/"],
        [
          "Again after it was interrupted, with a record of it",
          "nomount cp --resume --manifest ana.sha256 disk.img p1:/home/ana ./restored",
        ],
        ["Documents that changed in the last week", "nomount cp disk.img p2:/Users ./docs --include '*.docx' --newer 7d"],
      ),
    )
    .action(async (path: string, rest: string[], options: CpOptions) => {
      const [destination, addresses] = [rest.at(-1), rest.slice(0, -1)];
      if (destination === undefined || addresses.length === 0)
        return command.error("error: missing argument: an address and a destination are needed");
      const { copy } = await import("./copy.ts");
      const { destinationOf } = await import("./destination.ts");
      const damaged = options.damaged === "keep" ? "keep" : "leave out";
      const sink = await destinationOf(destination, { ...options, threads: options.jobs, damaged }, context);
      const pace = options.bwlimit === undefined ? undefined : await steadyPace(options.bwlimit);
      const jsonTo = destination === "-" ? context.stderr : context.stdout;
      await interruptible((signal) =>
        copy(context, path, addresses, sink, options, { jsonTo, signal, pace, promised: options }),
      );
    });
}

async function steadyPace(bytesPerSecond: number): Promise<Pace> {
  const { SteadyPace } = await import("../sink/pace.ts");
  return new SteadyPace(bytesPerSecond);
}
