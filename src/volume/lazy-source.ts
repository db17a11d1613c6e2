import { faultOf, NomountError } from "../error.ts";
import type { BlockSource } from "../source/block-source.ts";
import { MappedSource } from "../source/mapped.ts";

/**
 * A source that is opened when it is first read. If that fails, all of it is missing, with the reason: other volumes and other
 * segments must not suffer.
 */
export function lazySource(label: string, sizeBytes: number, open: () => BlockSource): BlockSource {
  let opened: BlockSource | NomountError | undefined;
  return new MappedSource(label, sizeBytes, (offsetBytes, lengthBytes) => {
    if (opened === undefined) {
      try {
        opened = open();
      } catch (error) {
        if (!(error instanceof NomountError)) throw error;
        opened = error;
      }
    }
    if (opened instanceof NomountError) return [{ kind: "missing", lengthBytes, fault: faultOf(opened) }];
    return [{ kind: "data", lengthBytes, source: opened, offsetBytes }];
  });
}

/** A source all of which is missing, for one reason. */
export function missingSource(label: string, sizeBytes: number, error: NomountError): BlockSource {
  return lazySource(label, sizeBytes, () => {
    throw error;
  });
}
