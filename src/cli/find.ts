import { Command, InvalidArgumentError } from "commander";
import type { Node, NodeKind } from "../filesystem/node.ts";
import type { WalkEntry } from "../filesystem/walk.ts";
import type { Location } from "../image/image.ts";
import { addressOf, below, lastName } from "./address-of.ts";
import type { Context } from "./context.ts";
import { moment, type SizeTest, sizeTest } from "./expression.ts";
import { type LongWidths, writeLong } from "./format/long-line.ts";
import { fileJson } from "./json.ts";
import {
  ADDRESS_ARGUMENT,
  collect,
  examples,
  IMAGE_ARGUMENT,
  type ImageOptions,
  parsedBy,
  withImageOptions,
} from "./options.ts";

interface FindOptions extends ImageOptions {
  readonly name?: readonly string[];
  readonly iname?: readonly string[];
  readonly type?: ReadonlySet<NodeKind>;
  readonly size?: readonly SizeTest[];
  readonly newer?: bigint;
  readonly older?: bigint;
  readonly long?: boolean;
  readonly null?: boolean;
}

type Test = (name: string, node: Node) => boolean;

const KINDS: Readonly<Record<string, NodeKind>> = {
  f: "file",
  d: "directory",
  l: "symlink",
  p: "fifo",
  s: "socket",
  c: "char",
  b: "block",
};

/** Of the columns ahead of the name: lines come as they are found, so no width is known. */
const LONG_WIDTHS: LongWidths = { links: 3, uid: 5, gid: 5, size: 11, time: 20 };

export function findCommand(context: Context): Command {
  const size = (text: string, previous: readonly SizeTest[] = []) => [...previous, parsedBy(sizeTest)(text)];
  const command = new Command("find")
    .summary("search for files by name, type, size, time")
    .description(
      "Searches directories and everything below. All conditions must hold; of one given several times, --size all, others any.",
    )
    .argument("<image>", IMAGE_ARGUMENT)
    .argument("[address...]", `${ADDRESS_ARGUMENT}; without one, every filesystem in the image`)
    .option("--name <glob>", "the name matches: *, ?, [a-z], {one,other}; may be repeated", collect)
    .option("--iname <glob>", "the same, upper and lower case alike", collect)
    .option("--type <letters>", "f file, d directory, l link, p fifo, s socket, c or b device; several joined by commas", kinds)
    .option("--size <size>", "+10M more than, -4k less than, 512 exactly; k, M, G, T are powers of 1024", size)
    .option("--newer <time>", "changed after a date, a time, an age (7d) or a local file (./stamp)", parsedBy(moment))
    .option("--older <time>", "changed before that", parsedBy(moment))
    .option("-l, --long", "as `nomount ls -l` shows files")
    .option("-0, --null", "addresses exactly as they are, each ended by a NUL");
  return withImageOptions(command, "one JSON object a line for each file found")
    .addHelpText(
      "after",
      examples(
        [
          "Logs that changed in the last week before the snapshot",
          "nomount find disk.img p2:/var/log --name '*.log' --newer 2024-01-24",
        ],
        ["Large files anywhere in the image", "nomount find -l disk.img --type f --size +100M"],
        [
          "Copy what was found",
          "nomount find -0 disk.img p1: --name '*.doc' | xargs -0 sh -c 'nomount cp disk.img \"$@\" ./docs' sh",
        ],
      ),
    )
    .action(async (path: string, addresses: string[], options: FindOptions) => {
      const { default: picomatch } = await import("picomatch");
      const { walk } = await import("../filesystem/walk.ts");
      const tests = testsOf(options, picomatch);
      await context.withImage(path, options, (image) => {
        const starts = addresses.length === 0 ? context.filesystems(image) : context.locate(image, addresses);
        for (const start of starts) {
          const damaged = (path: string, error: unknown) => context.missed(error, addressOf(start, pathOf(start, path)));
          for (const entry of walk(start.fileSystem, start.node, damaged)) {
            const name = entry.name === "" ? lastName(start.path) : entry.name;
            if (tests.every((test) => test(name, entry.node))) print(context, start, entry, options);
          }
        }
      });
    });
}

function testsOf(options: FindOptions, picomatch: (globs: string[], options: object) => (name: string) => boolean): Test[] {
  const tests: Test[] = [];
  const { name, iname, type, size, newer, older } = options;
  const glob = { dot: true, nonegate: true };
  if (name !== undefined) {
    const matches = picomatch([...name], glob);
    tests.push((name) => matches(name));
  }
  if (iname !== undefined) {
    const matches = picomatch([...iname], { ...glob, nocase: true });
    tests.push((name) => matches(name));
  }
  if (type !== undefined) tests.push((_, node) => type.has(node.kind));
  for (const holds of size ?? []) tests.push((_, node) => node.kind === "file" && holds(node.sizeBytes));
  if (newer !== undefined) tests.push((_, node) => node.modifiedNs !== undefined && node.modifiedNs > newer);
  if (older !== undefined) tests.push((_, node) => node.modifiedNs !== undefined && node.modifiedNs < older);
  return tests;
}

function kinds(text: string): ReadonlySet<NodeKind> {
  const found = text.split(",").map((letter) => {
    const kind = KINDS[letter];
    if (kind === undefined)
      throw new InvalidArgumentError(`expected letters of ${Object.keys(KINDS).join(", ")}, joined by commas`);
    return kind;
  });
  return new Set(found);
}

function print(context: Context, start: Location, entry: WalkEntry, options: FindOptions): void {
  const { stdout } = context;
  const path = pathOf(start, entry.path);
  const address = addressOf(start, path);
  if (options.json === true) {
    context.attempt(address, () => stdout.json(fileJson(start, path, entry.node)));
  } else if (options.null === true) {
    stdout.text(`${address}\0`);
  } else if (options.long === true) {
    writeLong(stdout.pieces, entry.node, LONG_WIDTHS, false);
    stdout.line(stdout.name(address));
  } else {
    stdout.line(stdout.name(address));
  }
}

function pathOf(start: Location, walked: string): string {
  return walked === "" ? start.path : below(start.path, walked);
}
