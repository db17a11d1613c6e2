import type { NodeKind } from "../../filesystem/node.ts";

const KIND_LETTERS: Readonly<Record<NodeKind, string>> = {
  file: "-",
  directory: "d",
  symlink: "l",
  fifo: "p",
  socket: "s",
  char: "c",
  block: "b",
  other: "?",
};

/** Few combinations occur, most of them very often. */
const known = new Map<NodeKind, Map<number, string>>();

/** Kind and permissions as `ls -l` prints them: "drwxr-xr-x"; "-?????????" where the format keeps no permissions. */
export function modeString(kind: NodeKind, mode: number | undefined): string {
  if (mode === undefined) return `${KIND_LETTERS[kind]}?????????`;
  let strings = known.get(kind);
  if (strings === undefined) {
    strings = new Map();
    known.set(kind, strings);
  }
  let string = strings.get(mode);
  if (string === undefined) {
    string = KIND_LETTERS[kind] + permissions(mode);
    strings.set(mode, string);
  }
  return string;
}

function permissions(mode: number): string {
  const special = [mode & 0o4000, mode & 0o2000, mode & 0o1000];
  const triplets = [6, 3, 0].map((shift, i) => {
    const bits = mode >> shift;
    const mark = i === 2 ? "t" : "s";
    const execute = bits & 1 ? (special[i] ? mark : "x") : special[i] ? mark.toUpperCase() : "-";
    return `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${execute}`;
  });
  return triplets.join("");
}
