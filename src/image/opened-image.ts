import { nameForDisplay } from "../bytes/names.ts";
import { damageOf, NomountError } from "../error.ts";
import type { FileSystem } from "../filesystem/file-system.ts";
import type { Resolved } from "../filesystem/path.ts";
import type { BlockSource } from "../source/block-source.ts";
import { SliceSource } from "../source/slice.ts";
import { divisions, fileAddress, splitOffset, splitVolume } from "./address.ts";
import { listPlaces, noFileSystem } from "./describe.ts";
import { findPath, findStream } from "./find-path.ts";
import { fixedVhdBytes } from "./formats/container/container.ts";
import type { Image, ImageOptions, LocateOptions, Location, Place } from "./image.ts";
import { childAddress, Nest } from "./nest.ts";

/** An image that was searched through: finds in it what addresses name. */
export class OpenedImage implements Image {
  readonly label: string;
  readonly roots: readonly Place[];
  readonly #sources: readonly BlockSource[];
  readonly #options: ImageOptions;
  readonly #nest: Nest;
  /** What precedes every address here: "" or, in an image that is a file, "p1:/vm/a.img!". */
  readonly #base: string;
  readonly #byOffset = new Map<string, Place>();
  readonly #insideFiles = new Map<string, OpenedImage>();

  constructor(sources: readonly BlockSource[], options: ImageOptions, base = "") {
    this.label = sources.map(({ label }) => label).join(", ");
    this.#sources = sources;
    this.#options = options;
    this.#base = base;
    this.#nest = new Nest(options);
    const seeds = sources.map((source, i) => ({
      address: sources.length === 1 ? base : childAddress(base, `disk${i + 1}`),
      source: plainBytes(source, options),
      sectorBytes: options.sectorBytes ?? source.sectorBytes,
      preferWhole: false,
    }));
    this.roots = this.#nest.grow(seeds);
    // An image inside a file may be without the volume.
    if (base === "") for (const [name, leg] of options.legs ?? []) this.#checkLeg(name, leg);
  }

  places(): Iterable<Place> {
    return placesIn(this.roots);
  }

  place(address: string): Place {
    const { volume, path } = splitVolume(address);
    if (path === undefined) return this.#volume(volume);
    const place = this.#volumeForPath(volume);
    const inside = this.#insideFile(place, this.#fileSystem(place), path);
    if (inside !== undefined) return inside.image.place(inside.rest);
    throw new NomountError(
      "path",
      `${address} names a path, not a volume; a disk image that is a file takes "!" after its name`,
    );
  }

  locate(address: string, options: LocateOptions = {}): Location {
    const { volume, path = "/" } = splitVolume(address);
    const place = this.#volumeForPath(volume);
    const fileSystem = this.#fileSystem(place);
    const paths = { followMiddle: options.followMiddle ?? true, followFinal: options.followFinal };
    const found = findPath(fileSystem, path, paths);
    if (!(found instanceof NomountError)) return { place, fileSystem, ...found, stream: undefined };
    const inside = this.#insideFile(place, fileSystem, path);
    if (inside !== undefined) return inside.image.locate(inside.rest, options);
    const withStream = options.streams === true ? findStream(fileSystem, path, paths) : undefined;
    if (withStream !== undefined) return { place, fileSystem, ...withStream };
    throw new NomountError("path", `${place.source.label}: ${found.message}`, { cause: found });
  }

  close(): void {
    for (const image of this.#insideFiles.values()) image.close();
    this.#insideFiles.clear();
    this.#nest.close();
    for (const source of this.#sources) source.close();
    this.#options.recovery?.journal?.close();
  }

  #checkLeg(name: string, leg: number): void {
    const wrong = (what: string) => new NomountError("usage", `--leg ${nameForDisplay(name)}=${leg}: ${what}`);
    const named = [...this.places()].filter(({ volume }) => volume?.name === name);
    const [first] = named;
    if (first === undefined) {
      const mirrors = [...this.places()].filter(({ volume }) => volume?.legCount !== undefined);
      throw wrong(`there is no such volume; mirrors are ${listPlaces(mirrors)}`);
    }
    const { legCount } = first.volume ?? {};
    if (legCount === undefined) throw wrong("it is no mirror");
    if (leg >= legCount) throw wrong(`it has ${legCount} legs, counted from 0`);
  }

  #volume(text: string): Place {
    const byOffset = splitOffset(text);
    if (byOffset !== undefined) return this.#atOffset(byOffset);
    const [root, ...others] = this.roots;
    if (text === "" && root !== undefined) {
      if (others.length === 0) return root;
      throw new NomountError("path", `there are several disks, name one: ${listPlaces(this.roots)}`);
    }
    return this.#named(this.places(), this.#base, text);
  }

  /** The place of this address, or the only one that ends so. */
  #named(places: Iterable<Place>, base: string, text: string): Place {
    const all = [...places];
    const exact = all.find(({ address }) => address === childAddress(base, text));
    if (exact !== undefined) return exact;
    const [first, ...others] = all.filter(
      ({ address }) => address.startsWith(base) && address.slice(base.length).endsWith(`/${text}`),
    );
    if (first === undefined) {
      const volumes = all.filter(({ volume }) => volume !== undefined);
      throw new NomountError(
        "path",
        `${this.label}: there is no volume ${nameForDisplay(text)}; there is ${listPlaces(volumes)}`,
      );
    }
    if (others.length === 0) return first;
    throw new NomountError("path", `${this.label}: ${text} can be any of ${listPlaces([first, ...others])}`);
  }

  #atOffset({ before, count, inSectors, inside }: NonNullable<ReturnType<typeof splitOffset>>): Place {
    const outer = this.#volume(before);
    const { source } = outer;
    const unitBytes = inSectors ? sectorBytesOf(outer, this.#options) : 1;
    const offsetBytes = count * unitBytes;
    if (!(offsetBytes < source.sizeBytes)) {
      throw new NomountError("path", `${source.label} ends at byte ${source.sizeBytes}, before byte ${offsetBytes}`);
    }
    const address = childAddress(outer.address, `@${offsetBytes}`);
    const known = this.#byOffset.get(address);
    const slice = new SliceSource(source, offsetBytes, source.sizeBytes - offsetBytes, `${source.label}/@${offsetBytes}`);
    const [place] =
      known === undefined ? this.#nest.grow([{ address, source: slice, sectorBytes: undefined, preferWhole: true }]) : [known];
    if (place === undefined) throw new NomountError("path", `${source.label}: nothing at byte ${offsetBytes}`);
    this.#byOffset.set(address, place);
    return inside === "" ? place : this.#named(placesIn([place]), address, inside);
  }

  /** As `#volume`; where none is named, the one that has a filesystem. */
  #volumeForPath(text: string): Place {
    if (text !== "") return this.#volume(text);
    const [first, ...others] = [...this.places()].filter(({ content }) => content.kind === "filesystem");
    const [root] = this.roots;
    if (first === undefined && root !== undefined) throw noFileSystem(root.source.label, root);
    if (first === undefined || others.length > 0) {
      throw new NomountError(
        "path",
        `${this.label}: there are several filesystems, name one: ${listPlaces([first, ...others].filter(isPlace))}`,
      );
    }
    return first;
  }

  #fileSystem(place: Place): FileSystem {
    if (place.content.kind === "filesystem") return place.content.open();
    throw noFileSystem(place.source.label, place);
  }

  /** The image that a path enters at a "!", and the address in it. */
  #insideFile(place: Place, fileSystem: FileSystem, path: string): { image: OpenedImage; rest: string } | undefined {
    for (const { left, right } of divisions(path, "!")) {
      const file = findPath(fileSystem, left, { followMiddle: true, followFinal: true });
      if (!(file instanceof NomountError) && file.node.kind === "file")
        return { image: this.#imageIn(place, fileSystem, file), rest: right };
    }
    return undefined;
  }

  #imageIn(place: Place, fileSystem: FileSystem, { path, node }: Resolved): OpenedImage {
    const base = `${fileAddress(place.address, path)}!`;
    const known = this.#insideFiles.get(base);
    if (known !== undefined) return known;
    const image = new OpenedImage([fileSystem.content(node.id)], { ...this.#options, sectorBytes: undefined }, base);
    this.#insideFiles.set(base, image);
    return image;
  }
}

function* placesIn(places: readonly Place[]): Generator<Place> {
  for (const place of places) {
    yield place;
    if (place.content.kind === "volumes") yield* placesIn(place.content.places);
  }
}

/** In what "@63s" counts: as its table does, else as the disk does. */
function sectorBytesOf({ content, source }: Place, options: ImageOptions): number {
  const tableSector = content.kind === "volumes" ? content.table.sectorBytes : undefined;
  return options.sectorBytes ?? tableSector ?? source.sectorBytes ?? 512;
}

/** A fixed VHD is a plain image with a footer behind it. An end that cannot be read is no reason not to read the rest. */
function plainBytes(source: BlockSource, { warn }: ImageOptions): BlockSource {
  try {
    const sizeBytes = fixedVhdBytes(source);
    if (sizeBytes === undefined) return source;
    const text = `${source.label} is a fixed VHD: its ${sizeBytes} plain bytes are read, its footer is left out`;
    warn?.(new NomountError("unsupported", text));
    return new SliceSource(source, 0, sizeBytes, source.label);
  } catch (error) {
    warn?.(damageOf(error));
    return source;
  }
}

function isPlace(place: Place | undefined): place is Place {
  return place !== undefined;
}
