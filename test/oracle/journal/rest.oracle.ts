import { readdirSync, rmSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { describeDifferences } from "../../support/compare-manifests.ts";
import { agreement, checksumOf, ownView } from "./agreement.ts";
import { kernelView } from "./kernel-view.ts";

const folder = process.env["REST"] ?? "";
test("the rest", async () => {
  const wrong: string[] = [];
  let [seen, dirty, entries] = [0, 0, 0];
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".img"))) {
    const file = `${folder}/${name}`;
    const sizeBytes = statSync(file).size;
    const image = { file, sizeBytes, kind: { name: "sweep", make: [], sizeBytes } };
    const before = checksumOf(file);
    const own = await ownView(image);
    if (checksumOf(file) !== before) wrong.push(`${name}: written`);
    const kernel = await kernelView(image);
    const { unexplained, stampedByTheMount } = agreement(kernel, own);
    const all = [...unexplained, ...stampedByTheMount];
    if (all.length > 0) wrong.push(`${name}: ${describeDifferences(all)}`);
    if (own.freeBlocks !== kernel.freeBlocks) wrong.push(`${name}: free ${own.freeBlocks} ${kernel.freeBlocks}`);
    if (own.journal?.dirty) dirty++;
    entries += own.manifest.size;
    seen++;
    if (all.length === 0) rmSync(file);
  }
  console.log(`REST ${seen} instants, ${dirty} dirty, ${entries} entries, ${wrong.length} differ`);
  expect(wrong.join("\n")).toBe("");
}, 5_000_000);
