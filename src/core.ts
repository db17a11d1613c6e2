export type { ErrorKind, Fault, Where } from "./error.ts";
export { NomountError, SourceError } from "./error.ts";
