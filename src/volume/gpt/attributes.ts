/** UEFI 2.10, section 5.3.3, table 5.7; the words are those of sfdisk. */
export const LEGACY_BOOT = 1n << 2n;

const COMMON: readonly (readonly [bigint, string])[] = [
  [1n << 0n, "RequiredPartition"],
  [1n << 1n, "NoBlockIOProtocol"],
  [LEGACY_BOOT, "LegacyBIOSBootable"],
];

/** From here on each partition type has its own meaning for the bits. */
const FIRST_TYPE_BIT = 48;

export function attributeNames(attributes: bigint): readonly string[] {
  const names = COMMON.filter(([bit]) => (attributes & bit) !== 0n).map(([, name]) => name);
  const typeBits: number[] = [];
  for (let bit = FIRST_TYPE_BIT; bit < 64; bit++) if ((attributes >> BigInt(bit)) & 1n) typeBits.push(bit);
  return typeBits.length === 0 ? names : [...names, `GUID:${typeBits.join(",")}`];
}
