import { damageOf, NomountError } from "../error.ts";
import type { FileSystem, FileSystemDriver } from "../filesystem/file-system.ts";
import type { BlockSource } from "../source/block-source.ts";
import { CachedSource } from "../source/cached.ts";
import type { Surroundings, Volume, VolumeDriver, VolumeOptions, VolumeTable } from "../volume/volume.ts";
import { type Claims, claimsOn, isEmpty } from "./claims.ts";
import type { Recognised } from "./formats/recognised.ts";
import type { Content, ImageOptions, Place } from "./image.ts";

/** More tables inside one another than this are no honest nest: a machine in a machine has two for each. */
const MAX_DEPTH = 16;

/** Bounds what tables that point into one another can make of a small image. */
const MAX_PLACES = 10_000;

/** Where a nest begins. */
export interface Seed {
  readonly address: string;
  readonly source: BlockSource;
  readonly sectorBytes: number | undefined;
  /** Whether a filesystem is preferred to a partition table at the same place: for what was named by its offset. */
  readonly preferWhole: boolean;
}

/** A place while its content is being found out. */
interface Draft extends Place {
  content: Content;
  readonly depth: number;
  readonly sectorBytes: number | undefined;
  readonly preferWhole: boolean;
  /** Begins at the very byte where the table above lies, which would be found in it again. */
  readonly repeatsTable: boolean;
  readonly surroundings: Surroundings;
}

/** Sources that can only be opened together with others, by the driver that claims them. */
type Waiting = Map<VolumeDriver, readonly Draft[]>;

/** Finds what sources hold, table by table. It owns the filesystems that are opened in it. */
export class Nest {
  readonly #options: ImageOptions;
  readonly #opened: FileSystem[] = [];
  readonly #warned = new Set<string>();
  #places = 0;
  #closed = false;

  constructor(options: ImageOptions) {
    this.#options = options;
  }

  /** The places that grow from these seeds, found to the ends of the nest. */
  grow(seeds: readonly Seed[]): readonly Place[] {
    const roots = seeds.map((seed): Draft => {
      const surroundings = { root: seed.source, volumes: [] };
      return { ...seed, volume: undefined, content: UNKNOWN, depth: 0, repeatsTable: false, surroundings };
    });
    const waiting: Waiting = new Map();
    for (let pending: readonly Draft[] = roots; pending.length > 0; ) {
      pending = pending.flatMap((draft) => this.#settle(draft, waiting));
      // Parts of one group or array may lie at different depths, so these come after all tables, and what lacks a part comes after
      // all that is whole: the part may lie inside one of those. One scheme at a time, since an array may hold what a group lacks.
      const drivers = [...waiting.keys()];
      if (pending.length === 0) {
        pending = drivers.flatMap((driver) => this.#join(driver, waiting, ({ missing }) => missing === undefined));
      }
      for (const driver of drivers) if (pending.length === 0) pending = this.#join(driver, waiting, () => true);
    }
    return roots;
  }

  close(): void {
    this.#closed = true;
    for (const fileSystem of this.#opened.splice(0)) fileSystem.close();
  }

  /** Finds the content of a place; the volumes in it are still to be settled. */
  #settle(draft: Draft, waiting: Waiting): readonly Draft[] {
    if (draft.volume?.container === true) return [];
    const { sectorBytes } = draft;
    const claims = claimsOn(draft.source, this.#options, { allowed: !draft.repeatsTable, sectorBytes });
    const divider = claims.volumeDrivers.find((driver) => !driver.joins);
    const joiner = claims.volumeDrivers.find((driver) => driver.joins);
    const part = claims.recognised.find((each) => each.part);
    const whole = this.#whole(draft.source, claims);
    if (joiner?.ownsContent === true && !(draft.preferWhole && whole?.kind === "filesystem")) {
      const table = divider === undefined ? undefined : this.#openTable(divider, draft, true);
      // A superblock at the end of the last partition may seem to be that of the disk.
      if (table?.volumes.some(({ source }) => joiner.probe(source, NO_OPTIONS)) !== true) {
        wait(waiting, joiner, draft);
        draft.content = whole ?? UNKNOWN;
        return [];
      }
    } else if (part !== undefined) {
      draft.content = recognisedContent(part);
      return [];
    }
    if (divider !== undefined && !(draft.preferWhole && whole !== undefined)) {
      const table = this.#openTable(divider, draft, whole !== undefined);
      // A boot sector with an empty table in a partition is boot code and no more.
      if (table?.volumes.length === 0 && whole === undefined && draft.volume?.type !== undefined) return [];
      if (table !== undefined && (whole === undefined || this.#rules(table, draft, whole))) return this.#divide(draft, table);
      if (whole === undefined) return [];
    }
    if (joiner !== undefined && claims.fileSystemDriver === undefined) {
      wait(waiting, joiner, draft);
      draft.content = whole ?? UNKNOWN;
      return [];
    }
    draft.content =
      whole ??
      byTableType(draft.volume) ??
      (claims.failure === undefined ? UNKNOWN : { kind: "damaged", error: claims.failure });
    return [];
  }

  /** What the source is when it is not divided. */
  #whole(source: BlockSource, { fileSystemDriver, recognised }: Claims): Content | undefined {
    const [first] = recognised;
    if (fileSystemDriver === undefined) return first === undefined ? undefined : recognisedContent(first);
    const known = recognised.find(({ format }) => format.toLowerCase().startsWith(fileSystemDriver.name));
    let opened: FileSystem | undefined;
    return {
      kind: "filesystem",
      type: known?.format.toLowerCase() ?? fileSystemDriver.name,
      label: known?.label,
      uuid: known?.uuid,
      open: () => {
        opened ??= this.#open(fileSystemDriver, source);
        return opened;
      },
    };
  }

  /** The one place where metadata is cached: above the mappings, so that a hit costs none of them; file data passes it by. */
  #open(driver: FileSystemDriver, source: BlockSource): FileSystem {
    if (this.#closed) throw new NomountError("usage", `${source.label}: the image is closed`);
    const fileSystem = driver.open(new CachedSource(source), this.#options.recovery);
    this.#opened.push(fileSystem);
    return fileSystem;
  }

  #openTable(driver: VolumeDriver, draft: Draft, hasOther: boolean): VolumeTable | undefined {
    try {
      const [table] = driver.open([draft.source], { sectorBytes: draft.sectorBytes }, (warning) => this.#warn(warning));
      return table;
    } catch (error) {
      const damage = damageOf(error);
      if (hasOther) this.#warn(damage);
      else draft.content = { kind: "damaged", error: damage };
      return undefined;
    }
  }

  /**
   * A table and something whole at one place: one of them is a leftover. Where a partition bears content the table is no
   * leftover; a table of no partitions is only boot code.
   */
  #rules(table: VolumeTable, draft: Draft, whole: Content): boolean {
    const { volumes, certain, scheme } = table;
    const bears = certain && volumes.some((volume) => !volume.container && this.#bears(volume));
    const overlaid = volumes.some(({ startBytes }) => startBytes === 0);
    if (volumes.length > 0 && !overlaid) {
      const name = whole.kind === "filesystem" ? whole.type : whole.kind === "recognised" ? whole.format : "";
      const choice = bears
        ? `the partitions are taken; @0 names the other`
        : `no partition holds anything known, so the ${name} is taken`;
      this.#warn(
        new NomountError("corrupt", `${draft.source.label} holds both a partition table (${scheme}) and ${name}: ${choice}`),
      );
    }
    return bears;
  }

  #bears({ source }: Volume): boolean {
    return !isEmpty(claimsOn(source, this.#options, { allowed: true, sectorBytes: undefined }));
  }

  #divide(draft: Draft, table: VolumeTable): readonly Draft[] {
    const drafts = table.volumes.map((volume) => ({
      address: childAddress(draft.address, volume.name),
      source: volume.source,
      volume,
      content: UNKNOWN,
      depth: draft.depth + 1,
      sectorBytes: undefined,
      preferWhole: false,
      repeatsTable: volume.startBytes === 0,
      surroundings: { root: draft.surroundings.root, volumes: [...draft.surroundings.volumes, volume] },
    }));
    draft.content = { kind: "volumes", table, places: drafts };
    this.#places += drafts.length;
    const excess =
      draft.depth >= MAX_DEPTH
        ? `tables are nested deeper than ${MAX_DEPTH}`
        : this.#places > MAX_PLACES
          ? `there are more than ${MAX_PLACES} volumes`
          : undefined;
    if (excess === undefined) return drafts;
    this.#warn(
      new NomountError("unsupported", `${draft.source.label}: ${excess}; what the volumes here hold is not looked for`),
    );
    return [];
  }

  /** Opens what waits for a driver as far as it makes tables that are accepted; the rest waits on. */
  #join(driver: VolumeDriver, waiting: Waiting, accept: (table: VolumeTable) => boolean): readonly Draft[] {
    const divided: Draft[] = [];
    const drafts = waiting.get(driver) ?? [];
    if (drafts.length === 0) return [];
    const around = new Map(drafts.map(({ source, surroundings }) => [source, surroundings]));
    const { atSeqno, legs } = this.#options;
    const options = { sectorBytes: undefined, atSeqno, legs, around: (source: BlockSource) => around.get(source) };
    const tables = driver.open([...around.keys()], options, (warning) => this.#warn(warning));
    for (const table of tables.filter(accept)) {
      const [first, ...others] = drafts.filter(({ source }) => table.sources.includes(source));
      if (first === undefined) continue;
      for (const part of table.missing ?? []) this.#warn(part);
      for (const other of others) other.content = { kind: "member", table, of: first };
      divided.push(...this.#divide(first, table));
      const left = (waiting.get(driver) ?? []).filter(({ source }) => !table.sources.includes(source));
      waiting.set(driver, left);
    }
    return divided;
  }

  /** Each once: what waits is opened more than once. */
  #warn(warning: NomountError): void {
    if (this.#warned.has(warning.message)) return;
    this.#warned.add(warning.message);
    this.#options.warn?.(warning);
  }
}

const UNKNOWN: Content = { kind: "unknown" };

const NO_OPTIONS: VolumeOptions = { sectorBytes: undefined };

function wait(waiting: Waiting, joiner: VolumeDriver, draft: Draft): void {
  waiting.set(joiner, [...(waiting.get(joiner) ?? []), draft]);
}

/** "p1", "p1/vg/root"; in an image that is a file "p1:/vm/a.img!p2". */
export function childAddress(parent: string, name: string): string {
  return parent === "" || parent.endsWith("!") ? parent + name : `${parent}/${name}`;
}

function recognisedContent({ format, label, uuid, advice }: Recognised): Content {
  return { kind: "recognised", format, label, uuid, advice };
}

/** Partitions of a Windows dynamic disk: by their type alone, since volumes begin anywhere in them. */
const DYNAMIC_DISK_TYPES: readonly string[] = ["0x42", "AF9B60A0-1431-4F62-BC68-3311714A69AD"];

function byTableType(volume: Volume | undefined): Content | undefined {
  if (!DYNAMIC_DISK_TYPES.includes(volume?.type?.id ?? "")) return undefined;
  const advice = "its volumes are not in the partition table; ldmtool lists them";
  return { kind: "recognised", format: "part of a Windows dynamic disk", label: undefined, uuid: undefined, advice };
}
