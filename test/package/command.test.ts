import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { builtCommand, requireFreshBuild } from "../support/built-command.ts";

beforeAll(requireFreshBuild);

/** The files that Node loads before the command does anything. */
function loadedAtOnce(file: string, files = new Set<string>()): ReadonlySet<string> {
  if (files.has(file)) return files;
  files.add(file);
  for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/^(?:import|export)\b[^"]*"(\.[^"]+)";$/gm)) {
    loadedAtOnce(resolve(dirname(file), name), files);
  }
  return files;
}

test("what the command loads before it knows what to do is a few files, without any reader of an image", () => {
  const files = loadedAtOnce(builtCommand);
  expect(files.size).toBeLessThanOrEqual(4);
  const text = [...files].map((file) => readFileSync(file, "utf8")).join("");
  expect(text).toContain("Reads the filesystems in disk images");
  expect(text.match(/^\/\/ src\/(?!cli\/|bytes\/names|error).*/gm)).toBeNull();
});

test("the licences of the packages that are in the command lie beside it", () => {
  const text = readFileSync(join(dirname(builtCommand), "LICENSES.txt"), "utf8");
  expect(text.match(/^[a-z@][\w@/.-]* \d+\.\d+\.\d+$/gm)?.map((line) => line.split(" ")[0])).toEqual([
    "buffer-layout",
    "commander",
    "picomatch",
  ]);
  expect(text.match(/Permission is hereby granted, free of charge/g)).toHaveLength(3);
});
