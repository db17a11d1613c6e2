import { Command } from "commander";
import { type Fault, faultOf } from "../error.ts";
import type { Location } from "../image/image.ts";
import { addressOf } from "./address-of.ts";
import type { Context } from "./context.ts";
import { ADDRESS_ARGUMENT, examples, IMAGE_ARGUMENT, type ImageOptions, withImageOptions } from "./options.ts";

export function catCommand(context: Context): Command {
  const command = new Command("cat")
    .summary("write the content of files to standard output")
    .description("Writes files one after the other, holes as zeros. Symbolic links are followed inside the volume.")
    .argument("<image>", IMAGE_ARGUMENT)
    .argument("<address...>", `${ADDRESS_ARGUMENT}; PATH:STREAM for a named stream`);
  return withImageOptions(command, "on standard error, one JSON object a line for each file")
    .addHelpText(
      "after",
      examples(
        ["A file of the first partition", "nomount cat disk.img p1:/etc/fstab"],
        ["A named stream of a file on NTFS", "nomount cat disk.img 'p1:/Users/ana/setup.exe:Zone.Identifier'"],
      ) +
        "\nA file that cannot be read to its end stops where its bytes are lost; the next ones follow, and the exit status is 1.\n",
    )
    .action(async (path: string, addresses: string[], options: ImageOptions) => {
      await context.withImage(path, options, async (image) => {
        for (const location of context.locate(image, addresses, { streams: true, followFinal: true })) {
          await catOne(context, location, options.json === true);
        }
      });
    });
}

async function catOne(context: Context, location: Location, json: boolean): Promise<void> {
  const address = addressOf(location);
  let writtenBytes = 0;
  let fault: Fault | null = null;
  try {
    const { pour } = await import("./pour.ts");
    const { fileSystem, node, stream } = location;
    for await (const bytes of pour(fileSystem.content(node.id, stream), context.stdout)) writtenBytes += bytes;
  } catch (error) {
    context.missed(error, address);
    fault = faultOf(error);
  }
  if (json) context.stderr.json({ address, stream: location.stream ?? null, writtenBytes, fault });
}
