import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compareManifests, type ManifestFacet } from "../support/compare-manifests.ts";
import { type Manifest, manifestOf } from "../support/manifest.ts";
import { withMounted } from "../support/mount.ts";
import { canLoopMount, has } from "../support/tools.ts";
import type { Contender, Job } from "./contenders.ts";
import type { ImageFacts } from "./images/folder.ts";
import { type Measured, measure } from "./measure.ts";

/** One run of a contender whose result is taken apart: what it lost, beside what a mount of the image shows. */
export async function verify(contender: Contender, job: Job): Promise<{ measured: Measured; verdict: string }> {
  switch (job.output) {
    case "text": {
      const { measured, text } = await captured(contender, job, "wc -l -c");
      const [lines = "0", bytes = "0"] = text.trim().split(/\s+/);
      return { measured, verdict: `${lines} lines, ${bytes} bytes` };
    }
    case "content": {
      const { measured, text } = await captured(contender, job, "sha256sum");
      const hash = text.slice(0, 64);
      const expected = (await expectedManifest(job.image))?.get(job.work)?.sha256;
      if (expected === undefined || contender.name === "dd") return { measured, verdict: `sha256 ${hash.slice(0, 12)}` };
      return { measured, verdict: hash === expected ? "exact" : "WRONG CONTENT" };
    }
    case "folder":
    case "tar": {
      let verdict = "";
      const sink = "tar -x -p --numeric-owner --xattrs --xattrs-include='*' --acls -C \"$OUT\" -f - 2>&1 | head -c 100000 >&2";
      const look = async (out: string) => {
        verdict = await lost(job.image, out);
      };
      const measured = await measure(contender, job, { sink, look });
      return { measured, verdict };
    }
  }
}

async function captured(contender: Contender, job: Job, command: string): Promise<{ measured: Measured; text: string }> {
  let text = "";
  const look = async (out: string) => {
    text = readFileSync(join(out, "result"), "utf8");
  };
  return { measured: await measure(contender, job, { sink: `${command} > "$OUT/result"`, look }), text };
}

/** How many entries differ from what the mount shows, by facet. */
async function lost(image: ImageFacts, out: string): Promise<string> {
  const expected = await expectedManifest(image);
  if (expected === undefined) return "not compared: that needs a mount of the image, and getfattr";
  const found = await manifestOf(out);
  // NTFS has no modes, owners or device numbers; what ntfs-3g shows for them is of its own making.
  const ignore: readonly ManifestFacet[] =
    image.type === "ext4" ? ["accessedNs"] : ["accessedNs", "mode", "uid", "gid", "device", "xattrs"];
  const differences = compareManifests(expected, found, { ignore, without: ({ path }) => path === "" });
  const counts = new Map<string, number>();
  for (const { facet, expected: wanted } of differences) {
    const name = facet !== "presence" ? facet : wanted === "nothing" ? "too many" : "missing";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const allocated = (manifest: Manifest) => [...manifest.values()].reduce((sum, entry) => sum + entry.allocatedBytes, 0);
  const holes = allocated(found) > 1.1 * allocated(expected) ? ["holes filled"] : [];
  const parts = [...[...counts].map(([name, count]) => `${name} ${count}`), ...holes];
  return parts.length === 0 ? "exact" : `differs in ${parts.join(", ")}`;
}

const manifests = new Map<string, Manifest>();

/** What the kernel, or ntfs-3g, shows of the image. */
async function expectedManifest(image: ImageFacts): Promise<Manifest | undefined> {
  const known = manifests.get(image.name);
  if (known !== undefined || !canLoopMount || !has("getfattr")) return known;
  const manifest = await withMounted(image, manifestOf);
  manifests.set(image.name, manifest);
  return manifest;
}
