// Makes the command of a few files: Node takes about a millisecond for each that it loads, and the library has hundreds.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig, type Plugin } from "rolldown";

export default defineConfig({
  input: {
    main: "src/cli/main.ts",
    worker: "src/sink/folder/worker.ts",
    "zstd-worker": "src/sink/compress/zstd-worker.ts",
  },
  // What the system must build, or a destination alone needs: loaded from where npm has put it.
  external: ["koffi", "@bokuweb/zstd-wasm", "ssh2", "basic-ftp", /^@aws-sdk\//],
  platform: "node",
  plugins: [licences()],
  output: {
    dir: "dist/cli",
    format: "esm",
    comments: false,
    cleanDir: true,
    chunkFileNames: "[name].js",
    codeSplitting: {
      groups: [
        // What every command needs, the help too; then what those need that read an image.
        {
          name: "common",
          test: /src\/(error|bytes\/names|cli\/(output|exit-code|format\/.*))\.ts$/,
          minShareCount: 2,
          priority: 1,
        },
        { name: "reading", test: /src\/(bytes|source)\//, minShareCount: 2 },
      ],
    },
  },
});

/** Puts the licences of the packages that went into the command beside it: each asks for that. */
function licences(): Plugin {
  return {
    name: "licences",
    generateBundle(_, bundle) {
      const folders = new Set<string>();
      for (const chunk of Object.values(bundle)) {
        for (const id of chunk.type === "chunk" ? chunk.moduleIds : []) {
          if (id.includes("node_modules")) folders.add(packageFolder(id));
        }
      }
      const texts = [...folders].sort().map((folder) => `${nameAndVersion(folder)}\n\n${licenceOf(folder)}`);
      this.emitFile({ type: "asset", fileName: "LICENSES.txt", source: texts.join(`\n${"-".repeat(72)}\n\n`) });
    },
  };
}

function packageFolder(file: string): string {
  const folder = dirname(file);
  return existsSync(join(folder, "package.json")) ? folder : packageFolder(folder);
}

function nameAndVersion(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name: string; version: string };
  return `${name} ${version}`;
}

function licenceOf(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (file === undefined) throw new Error(`${folder} has no licence to keep`);
  return readFileSync(join(folder, file), "utf8");
}
