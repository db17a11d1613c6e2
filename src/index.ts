/** Everything of `nomount/core`, and what needs Node: images by their paths, content as a stream, folders and tar streams. */
export * from "./core.ts";
export { ext2fsWasm } from "./node/ext2fs-wasm.ts";
export { type OpenImageOptions, openImage } from "./node/open-image.ts";
export { type ReadableOptions, readable } from "./node/readable.ts";
export { type FolderOptions, FolderSink } from "./sink/folder/folder-sink.ts";
export { type TarOptions, TarSink } from "./sink/tar/tar-sink.ts";
export { type OpenSourceOptions, openSource } from "./source/file/open-source.ts";
