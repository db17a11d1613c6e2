/** By path: the SHA-256 of a file, "" of a directory. */
export type Tree = ReadonlyMap<string, string>;

/** A row of a table in Markdown: how much of the truth a reader shows. */
export function staleRow(name: string, truth: Tree, shown: Tree): string {
  let [right, missing, stale, gone] = [0, 0, 0, 0];
  for (const [path, content] of truth) {
    const found = shown.get(path);
    if (found === undefined) missing += 1;
    else if (found === content) right += 1;
    else stale += 1;
  }
  for (const path of shown.keys()) if (!truth.has(path)) gone += 1;
  return `| ${name} | ${right} | ${missing} | ${stale} | ${gone} |\n`;
}
