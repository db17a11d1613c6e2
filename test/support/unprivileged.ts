import { spawnSync } from "node:child_process";
import { builtCommand } from "./built-command.ts";
import { has, isRoot } from "./tools.ts";

/** What runs a program as a user with no rights: nothing where this is one already. */
export const unprivileged: readonly string[] = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];

/** Whether such a user can run the built command at all: the repository may lie in a folder that only root can enter. */
export const canBeUnprivileged = !isRoot || (has("setpriv") && runsAsNobody());

function runsAsNobody(): boolean {
  const [program = "", ...args] = [...unprivileged, process.execPath, "--check", builtCommand];
  return spawnSync(program, args).status === 0;
}
