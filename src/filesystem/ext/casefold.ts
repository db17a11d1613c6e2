/**
 * The form in which names of a casefolded directory are compared (Linux, fs/unicode: canonical decomposition after full case
 * folding, default ignorable characters left out, Unicode 12.1). Two names with the same form are one name there.
 *
 * There is no case folding in JavaScript; small letters of the capitals of the small letters come to the same classes, but
 * for the few characters that are put right here. test/filesystem/ext/casefold.test.ts compares with Unicode's table.
 */
export function foldName(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return name.toLowerCase();
  // What is no UTF-8 is compared byte by byte.
  if (!name.isWellFormed()) return name;
  let folded = "";
  for (const character of name.normalize("NFD")) folded += foldCharacter(character);
  return folded.normalize("NFD").replace(/\p{Default_Ignorable_Code_Point}/gu, "");
}

const DOTLESS_I = "\u0131";
const FINAL_SIGMA = "\u03c2";

function foldCharacter(character: string): string {
  // A letter of its own, though its capital is that of "i".
  if (character === DOTLESS_I) return character;
  const lower = character.toLowerCase().toUpperCase().toLowerCase();
  return lower === FINAL_SIGMA ? "\u03c3" : lower;
}
