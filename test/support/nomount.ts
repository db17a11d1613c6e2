import { builtCommand } from "./built-command.ts";

/** The built command, as words of a shell line. */
export const nomountCommand = `'${process.execPath}' '${builtCommand}'`;
