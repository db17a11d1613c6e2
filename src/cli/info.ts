import { Command } from "commander";
import type { Place } from "../image/image.ts";
import type { Finding } from "../image/scan.ts";
import type { Context } from "./context.ts";
import { examples, IMAGE_ARGUMENT, type ImageOptions, withImageOptions } from "./options.ts";

interface InfoOptions extends ImageOptions {
  readonly long?: boolean;
  readonly all?: boolean;
  readonly scan?: boolean;
  readonly history?: boolean;
}

export function infoCommand(context: Context): Command {
  const command = new Command("info")
    .summary("show what an image holds, at any depth")
    .description(
      "Shows partitions as fdisk does, each with its byte offset, and the filesystems in them with type, label, UUID, space and state.",
    )
    .argument("<image>", IMAGE_ARGUMENT)
    .argument("[address]", "a volume inside it: only that and what it holds")
    .option("-l, --long", "with all that is known of each volume and filesystem: layout, block size, features ...")
    .option("-a, --all", "also volumes that are only parts of others")
    .option("--history", "also earlier states of volume groups that their metadata still tells, for --at-seqno")
    .option("--scan", "also search the whole image for filesystems and tables, for disks whose tables are lost");
  return withImageOptions(command, "one JSON object")
    .addHelpText(
      "after",
      examples(
        ["What is in there?", "nomount info disk.img"],
        ["A block device, for a program", "nomount info --json /dev/vg0/vm01-snap | jq .disks"],
        ["What a volume group was before", "nomount info --history disk.img"],
        ["The partition table is lost", "nomount info --scan disk.img"],
        ["Use what the search found", "nomount ls disk.img @1048576:/"],
      ),
    )
    .action(async (path: string, address: string | undefined, options: InfoOptions) => {
      await context.withImage(path, options, async (image) => {
        const roots = address === undefined ? image.roots : [image.place(address)];
        const findings = options.scan === true ? await scanAll(context, roots) : undefined;
        if (options.json === true) {
          const { infoJson } = await import("./info-json.ts");
          context.stdout.json(infoJson(context, image.label, roots, findings, options.history === true));
        } else {
          await printLines(context, roots, findings, options);
        }
      });
    });
}

/** What a search of each disk found. */
export type Findings = ReadonlyMap<Place, readonly Finding[]>;

async function scanAll(context: Context, roots: readonly Place[]): Promise<Findings> {
  const { scan } = await import("../image/scan.ts");
  const all = new Map<Place, Finding[]>();
  for (const root of roots) {
    const findings: Finding[] = [];
    all.set(root, findings);
    await context.withProgress(async (line) => {
      const totalBytes = root.source.sizeBytes;
      const progress = (doneBytes: number) => line.update({ doneBytes, totalBytes });
      for await (const finding of scan(root.source, { progress })) findings.push(finding);
    });
  }
  return all;
}

async function printLines(
  context: Context,
  roots: readonly Place[],
  findings: Findings | undefined,
  { long = false, all = false, history = false }: InfoOptions,
): Promise<void> {
  const { findingLine, placeLines } = await import("./info-lines.ts");
  const { stdout } = context;
  for (const root of roots) {
    for (const line of placeLines(root, { long, all, history, damaged: () => context.fail() })) stdout.line(line);
    const found = findings?.get(root);
    if (found === undefined) continue;
    stdout.line(found.length === 0 ? "Search: nothing found" : "Search:");
    for (const finding of found) stdout.line(`  ${findingLine(finding)}`);
  }
}
