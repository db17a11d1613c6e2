import type { Change } from "./change.ts";
import { bitRange } from "./layout.ts";
import { OPERATION } from "./operations.ts";

/** Changes bytes of clusters: a part of their content, or a range of bits. Returns what is wrong. */
export function changeClusters({ record, action, bytes }: Change): string | undefined {
  const at = record.recordOffset + record.attributeOffset;
  const { operation, data, lengthBytes } = action;
  if (operation === OPERATION.updateNonresidentValue) {
    if (at + lengthBytes > bytes.length) return `${lengthBytes} bytes at ${at} do not fit ${bytes.length} bytes of clusters`;
    if (data === undefined) bytes.fill(0, at, at + lengthBytes);
    else bytes.set(data, at);
    return undefined;
  }
  if (data === undefined || data.length < bitRange.sizeBytes) return "the range of bits is cut short";
  const { firstBit, bitCount } = bitRange.view(data);
  if (at * 8 + firstBit + bitCount > bytes.length * 8)
    return `bits ${firstBit} to ${firstBit + bitCount} are not in the clusters`;
  const isSet = operation === OPERATION.setBits;
  for (let bit = at * 8 + firstBit; bit < at * 8 + firstBit + bitCount; bit++) {
    const byte = bytes[bit >> 3] ?? 0;
    bytes[bit >> 3] = isSet ? byte | (1 << (bit & 7)) : byte & ~(1 << (bit & 7));
  }
  return undefined;
}
