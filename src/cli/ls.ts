import { Command } from "commander";
import type { DirectoryEntry, Node } from "../filesystem/node.ts";
import type { Location } from "../image/image.ts";
import { addressOf, below } from "./address-of.ts";
import type { Context } from "./context.ts";
import { longWidths, writeLong } from "./format/long-line.ts";
import { fileJson } from "./json.ts";
import { ADDRESS_ARGUMENT, examples, IMAGE_ARGUMENT, type ImageOptions, withImageOptions } from "./options.ts";

interface LsOptions extends ImageOptions {
  readonly long?: boolean;
  readonly human?: boolean;
  readonly recursive?: boolean;
  readonly null?: boolean;
}

export function lsCommand(context: Context): Command {
  const command = new Command("ls")
    .summary("list directories")
    .description("Lists directories, every entry on a line of its own, sorted by name. Times are UTC.")
    .argument("<image>", IMAGE_ARGUMENT)
    .argument("[address...]", `${ADDRESS_ARGUMENT}; without one, the root`)
    .option("-l, --long", "with mode, links, owner, group, size, time of change and link target")
    .option("-h, --human", "with -l: sizes like 1.5K and 20M")
    .option("-R, --recursive", "and all directories below")
    .option("-0, --null", "only names, exactly as they are, each ended by a NUL");
  return withImageOptions(command, "one JSON object a line for each entry")
    .addHelpText(
      "after",
      examples(
        ["The root of an image with a single filesystem", "nomount ls root.img"],
        ["A directory of the first partition", "nomount ls -l disk.img p1:/etc"],
        ["Everything, for a program", "nomount ls -R --json disk.img p1: | jq -r .address"],
      ),
    )
    .addHelpText(
      "after",
      "On a terminal, control characters in names are escaped; in a file or pipe names are their exact bytes.",
    )
    .action(async (path: string, addresses: string[], options: LsOptions) => {
      const targets = addresses.length === 0 ? [""] : addresses;
      const lister = new Lister(context, options, targets.length > 1 || options.recursive === true);
      await context.withImage(path, options, (image) => {
        for (const location of context.locate(image, targets, { followFinal: options.long !== true })) lister.target(location);
      });
    });
}

/** Files that are listed together: a directory's, or one that was asked for by its address. */
interface Listing {
  readonly location: Location;
  readonly entries: readonly Pick<DirectoryEntry, "name" | "id">[];
  /** From the root of its filesystem. */
  readonly pathOf: (name: string) => string;
}

class Lister {
  readonly #context: Context;
  readonly #options: LsOptions;
  /** Whether directories stand under their addresses. */
  readonly #titled: boolean;
  #empty = true;

  constructor(context: Context, options: LsOptions, titled: boolean) {
    this.#context = context;
    this.#options = options;
    this.#titled = titled;
  }

  target(location: Location): void {
    const { node, path } = location;
    if (node.kind === "directory") this.#tree(location);
    else this.#print({ location, entries: [{ name: addressOf(location), id: node.id }], pathOf: () => path });
  }

  /** A directory, then those below it if asked to, each in the order of its names. */
  #tree(location: Location): void {
    const stack = [{ path: location.path, id: location.node.id }];
    const seen = new Set([location.node.id]);
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { path } = next;
      const entries = this.#entries(location, path, next.id);
      this.#title(location, path);
      this.#print({ location, entries, pathOf: (name) => below(path, name) });
      if (this.#options.recursive !== true) return;
      for (let i = entries.length - 1; i >= 0; i--) {
        const entry = entries[i];
        if (entry === undefined || seen.has(entry.id) || !this.#isDirectory(location, path, entry)) continue;
        seen.add(entry.id);
        stack.push({ path: below(path, entry.name), id: entry.id });
      }
    }
  }

  #entries(location: Location, path: string, id: number): DirectoryEntry[] {
    const address = addressOf(location, path);
    const entries: DirectoryEntry[] = [];
    this.#context.attempt(address, () => {
      for (const entry of location.fileSystem.list(id, (error) => this.#context.missed(error, address))) entries.push(entry);
    });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #isDirectory(location: Location, path: string, entry: DirectoryEntry): boolean {
    if (entry.kind !== undefined) return entry.kind === "directory";
    const address = addressOf(location, below(path, entry.name));
    return this.#context.attempt(address, () => location.fileSystem.node(entry.id))?.kind === "directory";
  }

  #title(location: Location, path: string): void {
    if (!this.#titled || this.#options.json === true || this.#options.null === true) return;
    const { stdout } = this.#context;
    stdout.line(`${this.#empty ? "" : "\n"}${stdout.name(addressOf(location, path))}:`);
  }

  #print(listing: Listing): void {
    this.#empty = false;
    const { stdout } = this.#context;
    if (this.#options.json === true) this.#printJson(listing);
    else if (this.#options.null === true) for (const { name } of listing.entries) stdout.text(`${name}\0`);
    else if (this.#options.long === true) this.#printLong(listing);
    else for (const { name } of listing.entries) stdout.line(stdout.name(name));
  }

  #printLong({ location, entries, pathOf }: Listing): void {
    const { stdout } = this.#context;
    const { fileSystem } = location;
    const human = this.#options.human === true;
    const nodes: Node[] = [];
    const names: string[] = [];
    for (const { name, id } of entries) {
      try {
        const node = fileSystem.node(id);
        const target = node.kind === "symlink" ? ` -> ${stdout.name(fileSystem.linkTarget(id))}` : "";
        names.push(stdout.name(name) + target);
        nodes.push(node);
      } catch (error) {
        this.#context.missed(error, addressOf(location, pathOf(name)));
      }
    }
    const widths = longWidths(nodes, human);
    for (const [i, node] of nodes.entries()) {
      writeLong(stdout.pieces, node, widths, human);
      stdout.line(names[i] ?? "");
    }
  }

  #printJson({ location, entries, pathOf }: Listing): void {
    for (const { name, id } of entries) {
      const path = pathOf(name);
      this.#context.attempt(addressOf(location, path), () => {
        this.#context.stdout.json(fileJson(location, path, location.fileSystem.node(id)));
      });
    }
  }
}
