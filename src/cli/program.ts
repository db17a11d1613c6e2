import { readFileSync } from "node:fs";
import { Command } from "commander";
import { catCommand } from "./cat.ts";
import type { Context } from "./context.ts";
import { cpCommand } from "./cp.ts";
import { findCommand } from "./find.ts";
import { infoCommand } from "./info.ts";
import { lsCommand } from "./ls.ts";
import { mapCommand } from "./map.ts";
import { examples } from "./options.ts";
import { safeLines } from "./output.ts";
import { statCommand } from "./stat.ts";
import { tarCommand } from "./tar.ts";
import { verifyCommand } from "./verify.ts";

const commands = [
  infoCommand,
  lsCommand,
  statCommand,
  catCommand,
  findCommand,
  mapCommand,
  cpCommand,
  tarCommand,
  verifyCommand,
];

/** The command line's grammar. Wrong use throws commander's own error after it was said on standard error. */
export function program(context: Context): Command {
  const nomount = new Command("nomount")
    .description(
      "Reads the filesystems in disk images and block devices, without mounting anything, and copies files out whole.",
    )
    .version(version(), "-V, --version", "show the version")
    .helpOption("--help", "show this help")
    .helpCommand(false)
    .configureHelp({ subcommandTerm: (command) => `${command.name()} ${command.usage().replace("[options] ", "")}` })
    .addHelpText(
      "after",
      examples(
        ["What is in there?", "nomount info disk.img"],
        ["Look around", "nomount ls -l disk.img p1:/etc"],
        ["Copy a tree out", "nomount cp disk.img p1:/home ./restored"],
        ["The same as a tar stream, from a pipe to a pipe", "zcat disk.img.gz | nomount tar - p1:/home | gzip > home.tar.gz"],
      ),
    )
    .addHelpText(
      "after",
      "An image with a single filesystem needs no volume name: nomount ls root.img /etc\n" +
        "Exit status: 0 all done, 1 some not, 2 wrong use, 3 image not readable, 4 destination failed, 130 interrupted.",
    );
  for (const command of commands) nomount.addCommand(command(context));
  for (const command of [nomount, ...nomount.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => context.stdout.text(text),
      writeErr: (text) => context.stderr.text(text),
      outputError: (text, write) => write(`nomount: ${safeLines(text.trimEnd().replace(/^error: /, ""))}\n${hint(command)}`),
    });
  }
  return nomount;
}

function hint(command: Command): string {
  const name = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`;
  return `Try '${name} --help'.\n`;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const known = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return known ? String(manifest.version) : "unknown";
}
