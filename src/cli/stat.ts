import { Command } from "commander";
import type { Node, StreamInfo, Xattr } from "../filesystem/node.ts";
import type { Location } from "../image/image.ts";
import type { BlockSource } from "../source/block-source.ts";
import { addressOf } from "./address-of.ts";
import type { Context } from "./context.ts";
import { modeString } from "./format/mode.ts";
import { plural } from "./format/size.ts";
import { isoTime } from "./format/time.ts";
import { xattrText } from "./format/xattr.ts";
import { fileJson } from "./json.ts";
import { ADDRESS_ARGUMENT, examples, IMAGE_ARGUMENT, type ImageOptions, withImageOptions } from "./options.ts";

interface StatOptions extends ImageOptions {
  readonly dereference?: boolean;
}

/** How a content lies on its volume: its extents by kind. */
interface Layout {
  readonly extents: number;
  readonly holes: number;
  readonly unwritten: number;
  readonly inline: number;
  readonly packed: number;
}

/** Everything known of one file. What cannot be read is said and left out. */
interface Facts {
  readonly location: Location;
  readonly xattrs: readonly Xattr[];
  readonly streams: readonly StreamInfo[];
  readonly layout: Layout | undefined;
}

const KIND_WORDS: Readonly<Record<Node["kind"], string>> = {
  file: "regular file",
  directory: "directory",
  symlink: "symbolic link",
  fifo: "fifo",
  socket: "socket",
  char: "character device",
  block: "block device",
  other: "of no kind that nomount knows",
};

export function statCommand(context: Context): Command {
  const command = new Command("stat")
    .summary("show everything known of a file")
    .description(
      "Shows kind, size, owner, mode, all times (UTC), flags, extended attributes, streams and how the content lies.",
    )
    .argument("<image>", IMAGE_ARGUMENT)
    .argument("<address...>", ADDRESS_ARGUMENT)
    .option("-L, --dereference", "of a symbolic link, show what it leads to");
  return withImageOptions(command, "one JSON object a line for each file")
    .addHelpText(
      "after",
      examples(
        ["A file of the second partition", "nomount stat disk.img p2:/etc/shadow"],
        ["Its extended attributes, for a program", "nomount stat --json disk.img p2:/bin/ping | jq .xattrs"],
      ),
    )
    .action(async (path: string, addresses: string[], options: StatOptions) => {
      await context.withImage(path, options, (image) => {
        const locations = context.locate(image, addresses, { followFinal: options.dereference === true });
        for (const [i, location] of locations.entries()) {
          const facts = factsOf(context, location);
          if (options.json === true) context.attempt(addressOf(location), () => context.stdout.json(factsJson(facts)));
          else print(context, facts, i > 0);
        }
      });
    });
}

function factsOf(context: Context, location: Location): Facts {
  const { fileSystem, node } = location;
  const address = addressOf(location);
  return {
    location,
    xattrs: context.attempt(address, () => fileSystem.xattrs(node.id)) ?? [],
    streams: context.attempt(address, () => fileSystem.streams(node.id)) ?? [],
    layout: node.kind === "file" ? context.attempt(address, () => layoutOf(fileSystem.content(node.id))) : undefined,
  };
}

function layoutOf(content: BlockSource): Layout {
  const layout = { extents: 0, holes: 0, unwritten: 0, inline: 0, packed: 0 };
  for (const extent of content.extents?.(0, content.sizeBytes) ?? []) {
    if (extent.kind === "hole" && extent.backing === undefined) {
      layout.holes += 1;
      continue;
    }
    layout.extents += 1;
    if (extent.kind === "hole") layout.unwritten += 1;
    else if (extent.kind === "inline") layout.inline += 1;
    else if (extent.kind === "packed") layout.packed += 1;
  }
  return layout;
}

function factsJson({ location, xattrs, streams, layout }: Facts) {
  return {
    ...fileJson(location, location.path, location.node),
    xattrs: xattrs.map(({ name, value }) => ({ name, valueBase64: Buffer.from(value).toString("base64") })),
    streams,
    layout: layout ?? null,
  };
}

function print(context: Context, facts: Facts, gap: boolean): void {
  const { stdout } = context;
  const { node, fileSystem } = facts.location;
  const row = (label: string, value: string) => stdout.line(`${label.padStart(9)}: ${value}`);
  const time = (label: string, ns: bigint | undefined) => (ns === undefined ? undefined : row(label, isoTime(ns)));
  if (gap) stdout.line("");
  row("File", stdout.name(addressOf(facts.location)));
  row("Kind", kindLine(node));
  if (node.kind === "symlink") {
    context.attempt(addressOf(facts.location), () => row("Target", stdout.name(fileSystem.linkTarget(node.id))));
  }
  row("Size", plural(node.sizeBytes, "byte"));
  row("Id", `${node.id} (${fileSystem.type})`);
  row("Links", node.linkCount.toString());
  if (node.mode !== undefined) {
    row("Mode", `${node.mode.toString(8).padStart(4, "0")} ${modeString(node.kind, node.mode)}`);
  }
  if (node.uid !== undefined || node.gid !== undefined) row("Owner", `${node.uid ?? "-"}:${node.gid ?? "-"}`);
  time("Modified", node.modifiedNs);
  time("Changed", node.changedNs);
  time("Accessed", node.accessedNs);
  time("Created", node.createdNs);
  if (node.flags.length > 0) row("Flags", node.flags.join(", "));
  if (facts.layout !== undefined) row("Extents", layoutLine(facts.layout));
  for (const { name, sizeBytes } of facts.streams) row("Stream", `${stdout.name(name)}, ${plural(sizeBytes, "byte")}`);
  for (const { name, value } of facts.xattrs) row("Xattr", `${stdout.name(name)} = ${xattrText(value)}`);
}

function kindLine(node: Node): string {
  const word = KIND_WORDS[node.kind];
  return node.device === undefined ? word : `${word} ${node.device.major}:${node.device.minor}`;
}

function layoutLine({ extents, inline, unwritten, packed, holes }: Layout): string {
  const kinds = [
    inline > 0 ? `${inline} inline` : "",
    unwritten > 0 ? `${unwritten} unwritten` : "",
    packed > 0 ? `${packed} compressed` : "",
  ].filter((kind) => kind !== "");
  const count = kinds.length === 0 ? extents.toString() : `${extents} (${kinds.join(", ")})`;
  return holes === 0 ? count : `${count}, ${plural(holes, "hole")}`;
}
