import { availableParallelism } from "node:os";
import zlib from "node:zlib";
import { NomountError } from "../../error.ts";
import type { PieceFormat } from "./piece-stream.ts";
import { ZstdThreads } from "./zstd-threads.ts";

/** Twice what level 3 looks back upon, so that little is lost where a frame begins anew. */
const PIECE_BYTES = 4 * 1024 * 1024;
const LEVEL = 3;
const MAX_THREADS = 4;
const NOTHING = new Uint8Array();

/**
 * Zstandard (RFC 8878) in frames that are compressed at the same time: by Node itself where it can (from 22.15 on), or by the
 * optional package @bokuweb/zstd-wasm in threads of its own. Throws `usage` where there is neither.
 */
export async function zstd(): Promise<PieceFormat> {
  const threads = Math.min(availableParallelism(), MAX_THREADS);
  const common = { pieceBytes: PIECE_BYTES, atOnce: threads, head: NOTHING, tail: () => NOTHING };
  if (hasZstd(zlib)) return { ...common, compress: ownCompress(zlib), close: async () => undefined };
  const wasm = await ZstdThreads.start(threads, LEVEL);
  if (wasm === undefined)
    throw new NomountError(
      "usage",
      "zstd needs Node 22.15 or newer, or the optional package @bokuweb/zstd-wasm, which is not installed: install one of them, or take .tar.gz",
    );
  return { ...common, compress: (piece) => wasm.compress(piece), close: () => wasm.close() };
}

/** What newer versions of Node have in node:zlib, as far as it is used here. */
interface ZlibWithZstd {
  readonly zstdCompress: (
    bytes: Uint8Array,
    options: { readonly params: Readonly<Record<number, number>> },
    done: (error: Error | null, compressed: Uint8Array) => void,
  ) => void;
  readonly constants: { readonly ZSTD_c_compressionLevel: number; readonly ZSTD_c_checksumFlag: number };
}

function hasZstd(module: object): module is ZlibWithZstd {
  return "zstdCompress" in module;
}

function ownCompress({ zstdCompress, constants }: ZlibWithZstd): PieceFormat["compress"] {
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 };
  return (piece) =>
    new Promise((resolve, reject) => {
      zstdCompress(piece, { params }, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
    });
}
