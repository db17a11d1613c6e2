import type { NomountError } from "../../src/error.ts";

/** A refusal must tell a person something: one made of values that are not there is a finding. */
export function checkHelpful(error: NomountError): void {
  if (/\bundefined\b|\bNaN\b|\[object |\bnull\b/.test(error.message) || error.message.trim() === "") {
    throw new Error(`a message that does not help: ${error.stack}`);
  }
}
