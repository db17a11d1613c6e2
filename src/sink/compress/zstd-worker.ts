import { parentPort, workerData } from "node:worker_threads";
import { loadZstd } from "./zstd-wasm.ts";

/** Answers each piece with a frame of zstd, in order. */
const port = parentPort;
const level = Number(workerData);
const compress = await loadZstd();
if (port !== null && compress !== undefined)
  port.on("message", (piece: Uint8Array) => {
    const frame = compress(piece, level);
    port.postMessage(frame, frame.buffer instanceof ArrayBuffer ? [frame.buffer] : []);
  });
