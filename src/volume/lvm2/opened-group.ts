import { damageOf, type NomountError, type Warn } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { SliceSource } from "../../source/slice.ts";
import { concatenated } from "../concatenated.ts";
import { lazySource, missingSource } from "../lazy-source.ts";
import type { VolumeOptions } from "../volume.ts";
import { misallocated } from "./allocation.ts";
import { type LogicalVolume, type PhysicalVolume, type Segment, segmentParts, type VolumeGroup } from "./group.ts";
import { dashed } from "./label.ts";
import { type SegmentContext, volumeError } from "./segment.ts";
import { segmentOpener } from "./segment-types.ts";

/** lvm2 stacks six at the most (a thin volume, on a cache, on a raid, on images with integrity): more is a loop in the making. */
const MAX_STACK = 12;

/** A volume group with the sources of its physical volumes: makes sources of its logical volumes, each when it is first read. */
export class OpenedGroup {
  readonly group: VolumeGroup;
  /** How messages name the group. */
  readonly label: string;
  readonly warn: Warn;
  readonly #legs: VolumeOptions["legs"];
  readonly #physical: ReadonlyMap<string, BlockSource>;
  readonly #misallocated: ReadonlyMap<string, NomountError>;
  readonly #opened = new Map<string, BlockSource>();
  readonly #opening: string[] = [];
  readonly #partial = new Map<string, boolean>();

  /** `physical`: by the name that the text gives to the physical volume. What is not in it is missing. */
  constructor(
    group: VolumeGroup,
    label: string,
    physical: ReadonlyMap<string, BlockSource>,
    legs: VolumeOptions["legs"],
    warn: Warn,
  ) {
    this.#legs = legs;
    this.group = group;
    this.label = label;
    this.warn = warn;
    this.#physical = physical;
    this.#misallocated = misallocated(group);
  }

  /** A volume as its own segments map it, opened on the first read. */
  volume(name: string): BlockSource {
    const volume = this.#known(name);
    return lazySource(`${this.label}/${name}`, volume.extentCount * this.group.extentBytes, () => this.open(name));
  }

  /** The same, opened now. Throws when no part of it can be had; segments that cannot are missing in it, with the reason. */
  open(name: string): BlockSource {
    const ready = this.#opened.get(name);
    if (ready !== undefined) return ready;
    const volume = this.#known(name);
    if (volume.damage !== undefined) throw volume.damage;
    const wrong = this.#misallocated.get(name);
    if (wrong !== undefined) throw wrong;
    if (this.#opening.includes(name)) throw volumeError("corrupt", this.label, `${name} is made of itself`);
    if (this.#opening.length === MAX_STACK) throw volumeError("corrupt", this.label, `volumes stack higher than ${MAX_STACK}`);
    this.#opening.push(name);
    try {
      const source = concatenated(
        `${this.label}/${name}`,
        volume.segments.map((segment) => this.#segment(volume, segment)),
      );
      this.#opened.set(name, source);
      return source;
    } finally {
      this.#opening.pop();
    }
  }

  /** Whether any part of a volume lies on a physical volume that is missing. */
  partial(name: string, depth = 0): boolean {
    const known = this.#partial.get(name);
    if (known !== undefined) return known;
    // Reading a stack that is higher fails with a word of its own.
    if (depth > MAX_STACK) return false;
    const volume = this.group.logicalVolumes.get(name);
    const partial =
      volume?.segments.some((segment) => segmentParts(segment).some((used) => this.#absent(used, depth + 1))) ?? false;
    this.#partial.set(name, partial);
    return partial;
  }

  /** Physical volumes of the group that no source was found for. */
  missing(): readonly PhysicalVolume[] {
    return [...this.group.physicalVolumes.values()].filter(({ name }) => !this.#physical.has(name));
  }

  missingError({ name, uuid, deviceHint }: PhysicalVolume): NomountError {
    const hint = deviceHint === undefined ? "" : `, last seen as ${deviceHint}`;
    return volumeError(
      "source",
      this.label,
      `physical volume ${name} (id ${dashed(uuid)}${hint}) is missing; name its device too with --pv`,
    );
  }

  #absent(name: string, depth = 0): boolean {
    return this.group.physicalVolumes.has(name) ? !this.#physical.has(name) : this.partial(name, depth);
  }

  /** What openers of this segment are given. */
  contextOf(volume: LogicalVolume, segment: Segment): SegmentContext {
    const label = `${this.label}/${volume.name}`;
    return {
      group: this.group,
      volume,
      segment,
      label,
      lengthBytes: segment.extentCount * this.group.extentBytes,
      leg: this.#legs?.get(label),
      area: (name, startExtent, areaBytes) => this.#area(label, name, startExtent, areaBytes),
      sibling: (name) => this.open(name),
      partial: (name) => this.#absent(name),
      warn: this.warn,
    };
  }

  #segment(volume: LogicalVolume, segment: Segment): BlockSource {
    const context = this.contextOf(volume, segment);
    const { label, lengthBytes } = context;
    try {
      const source = segmentOpener(segment.type)(context);
      if (source.sizeBytes >= lengthBytes) {
        return source.sizeBytes === lengthBytes ? source : new SliceSource(source, 0, lengthBytes, label);
      }
      throw volumeError("corrupt", label, `${segment.type} segment of ${lengthBytes} bytes: found ${source.sizeBytes}`);
    } catch (error) {
      return missingSource(label, lengthBytes, damageOf(error));
    }
  }

  #area(label: string, name: string, startExtent: number, lengthBytes: number): BlockSource {
    const { extentBytes, physicalVolumes } = this.group;
    const physical = physicalVolumes.get(name);
    if (physical === undefined) {
      const source = this.open(name);
      if (startExtent * extentBytes + lengthBytes > source.sizeBytes) {
        throw volumeError("corrupt", label, `extent ${startExtent} and ${lengthBytes} bytes reach past the end of ${name}`);
      }
      return new SliceSource(source, startExtent * extentBytes, lengthBytes, source.label);
    }
    const source = this.#physical.get(name);
    if (source === undefined) return missingSource(`${label} on ${name}`, lengthBytes, this.missingError(physical));
    return new SliceSource(
      source,
      physical.extentsStartBytes + startExtent * extentBytes,
      lengthBytes,
      `${label} on ${source.label}`,
    );
  }

  #known(name: string): LogicalVolume {
    const volume = this.group.logicalVolumes.get(name);
    if (volume === undefined) throw volumeError("corrupt", this.label, `no logical volume ${JSON.stringify(name)}`);
    return volume;
  }
}
