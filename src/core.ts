/**
 * What runs anywhere: no Node built-in, no `Buffer`, no `process`. Sources are given to it, and so are the bytes of
 * `ext2fs.wasm`.
 */
export { nameForDisplay, nameFromBytes, nameToBytes } from "./bytes/names.ts";
export type { ErrorKind, Fault, Warn, Where } from "./error.ts";
export { NomountError, SourceError } from "./error.ts";
export { type ExtractOptions, extract } from "./extract/extract.ts";
export type { FilterOptions } from "./extract/filter.ts";
export type { PlanOptions } from "./extract/plan.ts";
export type { Loss, Problem, Report } from "./extract/report.ts";
export type { Selection } from "./extract/selection.ts";
export type { StreamsOption } from "./extract/streams.ts";
export { fileSystemDrivers } from "./filesystem/drivers.ts";
export type {
  Damaged,
  FileSystem,
  FileSystemDriver,
  JournalState,
  OpenOptions,
  Space,
  State,
} from "./filesystem/file-system.ts";
export type { DirectoryEntry, Node, NodeId, NodeKind, StreamInfo, Times, Xattr } from "./filesystem/node.ts";
export { type WalkEntry, type WalkOptions, walk } from "./filesystem/walk.ts";
export type { Content, Image, ImageOptions, LocateOptions, Location, Place } from "./image/image.ts";
export { openImage } from "./image/open-image.ts";
export { type Finding, type ScanOptions, scan } from "./image/scan.ts";
export type { Entry, Facet, Found, Keeps, Pace, Sink, SinkEvents, Stock, Wishes } from "./sink/sink.ts";
export type { BlockSource, Extent, RootRange, RootTransfer } from "./source/block-source.ts";
export { CachedSource } from "./source/cached.ts";
export { MappedSource } from "./source/mapped.ts";
export { MemorySource } from "./source/memory.ts";
export { type PumpOptions, pump } from "./source/pump.ts";
export { resolve } from "./source/resolve.ts";
export { SliceSource } from "./source/slice.ts";
export type { Chunk } from "./source/window.ts";
export { volumeDrivers } from "./volume/drivers.ts";
export type { Detail, Volume, VolumeDriver, VolumeOptions, VolumeTable } from "./volume/volume.ts";
