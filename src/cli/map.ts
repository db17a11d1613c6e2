import { Command } from "commander";
import type { Location } from "../image/image.ts";
import type { BlockSource, Extent } from "../source/block-source.ts";
import { addressOf } from "./address-of.ts";
import type { Context } from "./context.ts";
import { plural } from "./format/size.ts";
import { ADDRESS_ARGUMENT, examples, IMAGE_ARGUMENT, type ImageOptions, withImageOptions } from "./options.ts";

/** Where a stretch of a file lies on a device or image, or why it lies nowhere. */
interface MapRow {
  readonly fileOffsetBytes: number;
  readonly lengthBytes: number;
  /** "data"; "hole"; "unwritten": allocated, reads as zeros; "inline": inside metadata; "missing"; else the codec. */
  readonly kind: string;
  readonly root: string | null;
  readonly offsetBytes: number | null;
  /** Why the bytes of a "missing" stretch are not to be had. */
  readonly reason: string | null;
  /** Of compressed stretches: the pieces from which they are made. */
  readonly parts: readonly Omit<MapRow, "parts" | "fileOffsetBytes">[];
}

export function mapCommand(context: Context): Command {
  const command = new Command("map")
    .summary("show where a file's bytes lie on the device")
    .description("Shows a file's extents down to byte offsets on the device or image, through every volume in between.")
    .argument("<image>", IMAGE_ARGUMENT)
    .argument("<address...>", `${ADDRESS_ARGUMENT}; PATH:STREAM for a named stream`);
  return withImageOptions(command, "one JSON object a line for each extent")
    .addHelpText(
      "after",
      examples(
        ["Where is it?", "nomount map disk.img p2:/etc/fstab"],
        [
          "Read it with dd (offset and length from the line above)",
          "dd if=disk.img iflag=skip_bytes,count_bytes skip=41943040 count=120",
        ],
      ),
    )
    .action(async (path: string, addresses: string[], options: ImageOptions) => {
      const { resolve } = await import("../source/resolve.ts");
      await context.withImage(path, options, (image) => {
        for (const location of context.locate(image, addresses, { streams: true, followFinal: true })) {
          context.attempt(addressOf(location), () => {
            const content = location.fileSystem.content(location.node.id, location.stream);
            if (options.json === true) printJson(context, location, rows(resolve(content)));
            else print(context, location, content, rows(resolve(content)));
          });
        }
      });
    });
}

function* rows(extents: Iterable<Extent>): Generator<MapRow> {
  let fileOffsetBytes = 0;
  for (const extent of extents) {
    const parts = extent.kind === "packed" ? extent.parts.map(placeOf) : [];
    yield { fileOffsetBytes, ...placeOf(extent), parts };
    fileOffsetBytes += extent.lengthBytes;
  }
}

function placeOf(extent: Extent): Omit<MapRow, "parts" | "fileOffsetBytes"> {
  const { kind, lengthBytes } = extent;
  const nowhere = { lengthBytes, root: null, offsetBytes: null, reason: null };
  const at = (kind: string, place: { source: BlockSource; offsetBytes: number }) => ({
    ...nowhere,
    kind,
    root: place.source.label,
    offsetBytes: place.offsetBytes,
  });
  switch (kind) {
    case "data":
      return at(kind, extent);
    case "hole":
      return extent.backing === undefined ? { ...nowhere, kind } : at("unwritten", extent.backing);
    case "packed":
      return { ...nowhere, kind: extent.codec };
    case "missing":
      return { ...nowhere, kind, reason: extent.fault.message };
    case "inline":
      return { ...nowhere, kind };
  }
}

function printJson(context: Context, location: Location, rows: Iterable<MapRow>): void {
  for (const row of rows) context.stdout.json({ address: addressOf(location), stream: location.stream ?? null, ...row });
}

/** Columns have the widths of their largest possible values: a file may have millions of extents, so none are held. */
function print(context: Context, location: Location, content: BlockSource, rows: Iterable<MapRow>): void {
  const { stdout } = context;
  const width = Math.max(11, content.sizeBytes.toString().length);
  stdout.line(`${stdout.name(addressOf(location))}: ${plural(content.sizeBytes, "byte")}`);
  stdout.line(`${"File offset".padStart(width)}  ${"Length".padStart(width)}  ${"Device offset".padStart(16)}  Kind`);
  const line = (offset: string, row: Omit<MapRow, "parts" | "fileOffsetBytes">) => {
    const root = row.root === null ? "" : ` on ${stdout.name(row.root)}`;
    const kind = row.reason === null ? row.kind + root : `${row.kind}: ${stdout.name(row.reason)}`;
    const place = row.offsetBytes?.toString() ?? "-";
    stdout.line(`${offset.padStart(width)}  ${row.lengthBytes.toString().padStart(width)}  ${place.padStart(16)}  ${kind}`);
  };
  for (const row of rows) {
    line(row.fileOffsetBytes.toString(), row);
    for (const part of row.parts) line("made of", part);
  }
}
