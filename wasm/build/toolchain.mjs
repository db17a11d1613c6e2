import { execFile, fork } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

const compileFlags = [
  "-O2",
  "-std=gnu11",
  "-ffunction-sections",
  "-fdata-sections",
  "-fno-strict-aliasing",
  "-DHAVE_CONFIG_H",
  "-Iglue",
  "-Iglue/include",
  "-Iglue/include/ext2fs",
  "-isystemlib",
  "-isystemlib/ext2fs",
];

const linkFlags = [
  "-mexec-model=reactor",
  "-Wl,--gc-sections,--strip-all,--stack-first",
  "-Wl,-z,stack-size=262144",
  // A filesystem of 16 TiB takes 12 MiB; what wants a hundred times that is damage.
  "-Wl,--max-memory=1073741824",
];

/** Where loops must be counted: ../glue/fuel.c. Checksums are left out: their loops end with the buffer, and they are hot. */
const fuelFlags = ["-fsanitize-coverage=bb,no-prune,trace-pc"];
const unfuelled = ["glue/crc.c", "glue/fuel.c", "glue/reply.c"];

/** @returns {string[]} the flags for one source: the library's warnings are upstream's business, ours are errors */
export function flagsFor(source) {
  const warnings = source.startsWith("glue/") ? ["-Wall", "-Wextra", "-Werror"] : ["-w"];
  return [...compileFlags, ...(unfuelled.includes(source) ? [] : fuelFlags), ...warnings];
}

/**
 * Clang and lld, from npm as WebAssembly (the default: nobody needs to install a compiler), or those of the machine when
 * NOMOUNT_CLANG names them ("clang-19", with lld, wasi-libc and the wasm32 runtime beside it), which is faster.
 */
export function chooseToolchain() {
  const native = process.env.NOMOUNT_CLANG;
  return native ? nativeToolchain(native) : npmToolchain();
}

function nativeToolchain(clang) {
  return {
    identity: async () => (await run(clang, ["--version"])).stdout,
    build: async (files) => {
      const folder = mkdtempSync(join(tmpdir(), "nomount-wasm-"));
      try {
        for (const [path, bytes] of files) {
          mkdirSync(dirname(join(folder, path)), { recursive: true });
          writeFileSync(join(folder, path), bytes);
        }
        const sources = sourcesOf(files);
        await inParallel(sources, (source) =>
          run(clang, ["--target=wasm32-wasi", ...flagsFor(source), "-c", source, "-o", objectOf(source)], { cwd: folder }),
        );
        await run(clang, ["--target=wasm32-wasi", ...linkFlags, ...sources.map(objectOf), "-o", "out.wasm"], { cwd: folder });
        return readFileSync(join(folder, "out.wasm"));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function npmToolchain() {
  const manifest = join(dirname(createRequire(import.meta.url).resolve("@yowasp/clang")), "../package.json");
  return {
    identity: async () => `@yowasp/clang ${JSON.parse(readFileSync(manifest, "utf8")).version}`,
    build: async (files) => {
      const sources = sourcesOf(files);
      const count = Math.max(1, Math.min(4, availableParallelism()));
      const shares = Array.from({ length: count }, (_, i) => sources.filter((_, j) => j % count === i));
      const objects = await Promise.all(shares.map((share) => compileInChild({ files, sources: share })));
      const linked = await compileInChild({ files: objects.flat(), objects: sources.map(objectOf), linkFlags });
      return linked[0][1];
    },
  };
}

/** Each process compiles the compiler anew (2 s), then a file a second. */
function compileInChild(job) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL("./npm-clang.mjs", import.meta.url)), {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let complaint = "";
    let result;
    child.stderr.on("data", (chunk) => {
      complaint += chunk;
    });
    child.on("message", (message) => {
      result = message;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0 && result !== undefined) resolve(result);
      else reject(new Error(`wasm: clang failed\n${complaint}`));
    });
    child.send(job);
  });
}

/** In as many processes as there are cores. */
async function inParallel(items, work) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

function sourcesOf(files) {
  return [...files.keys()].filter((path) => path.endsWith(".c"));
}

export function objectOf(source) {
  return `${source.replaceAll("/", "_")}.o`;
}
