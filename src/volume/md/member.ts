import type { BlockSource } from "../../source/block-source.ts";
import type { Stretch } from "../raid/leg.ts";

/** What the table of an array says of a device: its place in the array, or why it has none. */
export type Role = number | "spare" | "faulty" | "journal";

/** A device with an md superblock, as that describes it and the array; the versions told apart here and no further. */
export interface Member {
  readonly source: BlockSource;
  readonly version: "0.90" | "1.0" | "1.1" | "1.2";
  /** Of the array. */
  readonly arrayUuid: string;
  /** Of the device; of version 0.90, which has none, its number. */
  readonly uuid: string;
  /** "host:name"; of version 0.90 the number that the array was last known by. */
  readonly arrayName: string;
  /** Of the array, as md numbers them: -1 is linear. */
  readonly level: number;
  readonly layout: number;
  /** Of a raid0: whether `layout` was written on purpose. */
  readonly layoutKnown: boolean;
  readonly chunkBytes: number;
  /** How many devices the array is made of. */
  readonly deviceCount: number;
  /** What is used of each device; 0 for levels that use all of each. */
  readonly deviceBytes: number;
  /** Where the array's data lies on this device. */
  readonly dataStartBytes: number;
  readonly dataBytes: number;
  /** Grows with every change of state: a device that was away has fewer. */
  readonly events: bigint;
  /** This device in the tables of roles. */
  readonly number: number;
  /** What this superblock says of any device. */
  readonly roleOf: (number: number) => Role;
  /** How much of this device has been rebuilt. */
  readonly rebuiltBytes: number;
  /** It takes the place of a device that is still there, which has the same role. */
  readonly replacement: boolean;
  /** Up to where of each device parity is known to fit the data. */
  readonly syncedBytes: number;
  /** Where a write-intent bitmap begins on this device. */
  readonly bitmapAtBytes: number | undefined;
  /** Of the data on this device: what it is known to have lost. */
  readonly badStretches: readonly Stretch[];
  readonly reshaping: boolean;
  readonly journaled: boolean;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}
