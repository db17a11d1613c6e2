import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryFolder } from "./repository.ts";

/** A partition as `sfdisk --json` gives it; places in sectors. */
export interface SfdiskPartition {
  /** The disk's path and the number; fixtures have the number alone. */
  readonly node?: string;
  readonly number: number;
  readonly start: number;
  readonly size: number;
  readonly type: string;
  readonly bootable?: boolean;
  readonly uuid?: string;
  readonly name?: string;
  readonly attrs?: string;
}

export interface SfdiskTable {
  readonly label: "dos" | "gpt";
  readonly id: string;
  readonly partitions?: readonly SfdiskPartition[];
}

/** What `fixtures/partition-tables.sh` recorded. */
export interface GoldenTable {
  readonly sectorBytes: number;
  readonly table: SfdiskTable;
}

export function goldenTable(name: string): GoldenTable {
  return JSON.parse(readFileSync(join(repositoryFolder, "fixtures", `${name}.json`), "utf8"));
}
