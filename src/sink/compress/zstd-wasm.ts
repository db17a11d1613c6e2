import { systemCode } from "../failure.ts";

export type Compress = (piece: Uint8Array, level: number) => Uint8Array;

let loading: Promise<Compress | undefined> | undefined;

/** What makes one frame of its bytes, by the optional package; undefined where that is not installed. */
export function loadZstd(): Promise<Compress | undefined> {
  // To initialise the package a second time breaks it.
  loading ??= load();
  return loading;
}

async function load(): Promise<Compress | undefined> {
  try {
    const { compress, init } = await import("@bokuweb/zstd-wasm");
    await init();
    return compress;
  } catch (error) {
    if (systemCode(error) === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
