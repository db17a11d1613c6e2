import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { NomountError } from "../../src/error.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { Random } from "../fuzz/random.ts";
import { useFileSystem } from "../fuzz/use-file-system.ts";
import { driver } from "../support/ext-fixture.ts";
import { scratchFolder } from "../support/fixture.ts";
import { describeIf, has } from "../support/tools.ts";

/** Where the wasm build keeps the release. */
const archive = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "nomount", "e2fsprogs-1.47.0.tar.gz");
const LARGEST_BYTES = 1 << 30;
const LONGEST_MS = 20_000;

describeIf(
  existsSync(archive) && has("tar"),
  `${archive} and tar are needed`,
  "the damaged filesystems that e2fsck is tested with",
  () => {
    const scratch = scratchFolder();

    test("each is read as far as it goes, or refused with the reason, and soon", () => {
      execFileSync("tar", ["-xzf", archive, "-C", scratch.path, "--strip-components=2", "--wildcards", "*/tests/*/image.gz"]);
      const outcomes = { read: 0, refused: 0 };
      for (const name of readdirSync(scratch.path).sort()) {
        const image = imageOf(join(scratch.path, name, "image.gz"));
        if (image === undefined) continue;
        const started = performance.now();
        outcomes[use(name, image)] += 1;
        expect([name, performance.now() - started < LONGEST_MS]).toEqual([name, true]);
      }
      expect(outcomes.read).toBeGreaterThan(150);
      expect(outcomes.refused).toBeGreaterThan(5);
    });
  },
);

/** Some are compressed with other tools, some are no whole image. */
function imageOf(file: string): Uint8Array | undefined {
  try {
    return new Uint8Array(gunzipSync(readFileSync(file), { maxOutputLength: LARGEST_BYTES }));
  } catch {
    return undefined;
  }
}

/** Any other error names the image and fails the test. */
function use(name: string, image: Uint8Array): "read" | "refused" {
  try {
    const fileSystem = driver.open(new MemorySource(image, name));
    useFileSystem(fileSystem, new Random(name));
    fileSystem.close();
    return "read";
  } catch (error) {
    if (error instanceof NomountError) return "refused";
    throw new Error(`${name}: ${String(error)}`, { cause: error });
  }
}
