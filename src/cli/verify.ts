import { realpathSync, statSync } from "node:fs";
import { Command } from "commander";
import { nameForDisplay } from "../bytes/names.ts";
import { NomountError } from "../error.ts";
import type { Stock } from "../sink/sink.ts";
import type { Context } from "./context.ts";
import { longSize, plural } from "./format/size.ts";
import { examples } from "./options.ts";

interface VerifyOptions {
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export function verifyCommand(context: Context): Command {
  return new Command("verify")
    .summary("compare a destination with the manifest of a copy")
    .description(
      "Reads back everything that a manifest names (nomount cp --manifest, or the output of sha256sum), and compares kind, size, time, link target and SHA-256.",
    )
    .argument("<manifest>", "the manifest")
    .argument("<destination>", "the folder that was copied to, here or on a server")
    .option("--json", "the result as one JSON object on standard output")
    .option("-q, --quiet", "no summary; what is wrong is still said")
    .helpOption("--help", "show this help")
    .addHelpText(
      "after",
      examples(
        ["A copy of last week", "nomount verify ana.sha256 ./restored"],
        ["The contents alone, without nomount", "cd restored && sha256sum --quiet -c ../ana.sha256"],
      ),
    )
    .action(async (manifest: string, destination: string, options: VerifyOptions) => {
      const { verify } = await import("../sink/manifest/verify.ts");
      const { stock, close } = await stockOf(destination, context);
      const problems: { path: string; message: string }[] = [];
      try {
        const result = await context.withProgress(() =>
          verify(manifest, stock, {
            wrong: (path, { message }) => {
              if (problems.length < LISTED) problems.push({ path, message });
              context.say(`${nameForDisplay(path)}: ${message}`);
            },
          }),
        );
        const { count, contentBytes, wrongCount, unchangedCount } = result;
        if (wrongCount > 0) context.fail();
        if (options.json === true) context.stdout.json({ ...result, wrong: problems });
        else if (options.quiet !== true) {
          context.say(`verified ${plural(count, "entry")}, ${longSize(contentBytes)} read back: ${wrongCount} wrong`);
          if (unchangedCount > 0)
            context.say(`${plural(unchangedCount, "entry")} unchanged since an earlier manifest: not looked for`);
        }
      } finally {
        await close();
      }
    });
}

/** So many problems are in the JSON; all are said. */
const LISTED = 10_000;

async function stockOf(
  word: string,
  context: Context,
): Promise<{ readonly stock: Stock; readonly close: () => Promise<void> }> {
  const { parsePlace } = await import("./place.ts");
  const place = parsePlace(word);
  if (place.scheme === "file") {
    const { FolderStock } = await import("../sink/folder/folder-stock.ts");
    if (statSync(place.path, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new NomountError("path", `${place.path} is no folder`);
    const close = async (): Promise<void> => undefined;
    return { stock: new FolderStock(Buffer.from(`${realpathSync(place.path)}/`)), close };
  }
  if (place.scheme === "stdout") throw new NomountError("usage", "standard output cannot be read back");
  const { storeOf } = await import("./store-of.ts");
  const store = await storeOf(place, {}, context);
  await store.open();
  return { stock: store, close: () => store.close() };
}
