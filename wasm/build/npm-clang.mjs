// One process of the npm toolchain: compiles its share of the sources, or links, and sends back what came out.
import { setFlagsFromString } from "node:v8";
import { commands } from "@yowasp/clang";
import { flagsFor, objectOf } from "./toolchain.mjs";

// Clang is a hundred megabytes of WebAssembly that run for seconds: optimising them costs more than it gains (half of all time).
setFlagsFromString("--liftoff-only");

const TARGET = "--target=wasm32-wasip1";

process.once("message", async (job) => {
  try {
    const results = job.objects === undefined ? await compile(job) : await link(job);
    process.send(results, () => process.disconnect());
  } catch (error) {
    if (error?.code === undefined) console.error(error);
    process.exitCode = 1;
    process.disconnect();
  }
});

async function compile({ files, sources }) {
  const objects = [];
  const tree = treeOf(files);
  for (const source of sources) {
    const object = objectOf(source);
    const out = await commands.clang([TARGET, ...flagsFor(source), "-c", source, "-o", object], tree, quiet);
    objects.push([object, out[object]]);
  }
  return objects;
}

async function link({ files, objects, linkFlags }) {
  const out = await commands.clang([TARGET, ...linkFlags, ...objects, "-o", "out.wasm"], treeOf(files), quiet);
  return [["out.wasm", out["out.wasm"]]];
}

const quiet = { fetchProgress: () => {} };

/** Folders as nested objects, as the toolchain wants its files. */
function treeOf(files) {
  const root = {};
  for (const [path, bytes] of files) {
    const names = path.split("/");
    const last = names.pop();
    let folder = root;
    for (const name of names) {
      folder[name] ??= {};
      folder = folder[name];
    }
    folder[last] = bytes;
  }
  return root;
}
