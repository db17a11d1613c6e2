import { nameFromUtf16le } from "../../bytes/names.ts";
import { damageOf, NomountError } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import type { Damaged, FileSystem, OpenOptions, Space, State } from "../file-system.ts";
import type { DirectoryEntry, Node, NodeId, StreamInfo, Xattr } from "../node.ts";
import type { Geometry } from "./boot-sector.ts";
import { type Description, dataBytes, describeFile, extendedAttributesOf } from "./describe-file.ts";
import { Directory } from "./directory.ts";
import { xattrsOf } from "./extended-attributes.ts";
import { type NtfsFile, openFile } from "./file.ts";
import { FLAG } from "./file-flags.ts";
import { countFreeClusters } from "./free-space.ts";
import { ATTRIBUTE, RECORD } from "./ids.ts";
import { volumeInformation } from "./layout.ts";
import { type Recovery, recover } from "./log/recover.ts";
import { journalState, logWarning } from "./log/state.ts";
import type { Mft } from "./mft.ts";
import { openMft } from "./open-mft.ts";
import type { Clustered } from "./run-extents.ts";
import { UPCASE_BYTES, Upcase } from "./upcase.ts";
import { isHibernated, volumeFlags } from "./volume-state.ts";

/** Holds what the system compression has made of the file: no stream of the user's. */
const WOF_STREAM = "WofCompressedData";
/** Far more than a label or the word on the version takes. */
const MAX_NAME_BYTES = 4096;

/** An NTFS volume, from NT 4's 1.2 to Windows 11's 3.1. */
export class Ntfs implements FileSystem {
  readonly type = "ntfs";
  readonly foldsCase = true;
  readonly root = RECORD.root;
  readonly uuid: string;
  readonly label: string;
  readonly state: State;
  readonly details: FileSystem["details"];
  readonly #geometry: Geometry;
  readonly #recovery: Recovery | undefined;
  #volume: Clustered;
  #mft: Mft;
  #upcase: Upcase | undefined;
  #space: Space | undefined;
  /** The file asked for last: one is asked for its node, streams and content in turn. */
  #last: { id: NodeId; file: NtfsFile; description: Description | undefined } | undefined;

  /** `notes`: what was found wrong and could be helped so far. */
  constructor(source: BlockSource, geometry: Geometry, notes: readonly string[], options: OpenOptions) {
    const { clusterBytes, clusterCount } = geometry;
    this.#geometry = geometry;
    const found: string[] = [];
    const note = (problem: string) => found.push(problem);
    this.#volume = { source, clusterBytes, clusterCount };
    this.#mft = openMft(this.#volume, geometry, note);
    this.#recovery = this.#attempt(note, () => recover(source, geometry, this.content(RECORD.logFile), options));
    if (this.#recovery !== undefined && this.#recovery.source !== source) {
      // What was read so far is older than what the log had.
      found.length = 0;
      this.#last = undefined;
      this.#volume = { source: this.#recovery.source, clusterBytes, clusterCount };
      this.#mft = openMft(this.#volume, geometry, note);
    }
    found.unshift(...notes);
    const log = this.#recovery?.findings;
    this.uuid = geometry.serial.toString(16).toUpperCase().padStart(16, "0");
    const { label, version, flags } = this.#attempt(note, () => this.#volumeFile()) ?? {
      label: "",
      version: "unknown",
      flags: 0,
    };
    this.label = label;
    const { dirty, names } = volumeFlags(flags);
    const hibernated = this.#attempt(note, () => this.#isHibernated()) ?? false;
    if (hibernated) note("Windows is hibernated or fast-started on it: what it holds in memory is missing here");
    const logProblem = log === undefined ? undefined : logWarning(log);
    if (logProblem !== undefined) note(logProblem);
    if (dirty) note("marked dirty: Windows would check it");
    this.#attempt(note, () => this.content(RECORD.bitmap));
    this.state = {
      clean: found.length === 0 && log?.isDirty !== true,
      warning: found.length === 0 ? undefined : found.join("; "),
      ...(log === undefined ? {} : { journal: journalState(log) }),
    };
    this.details = {
      version,
      "sector bytes": geometry.sectorBytes,
      "cluster bytes": clusterBytes,
      "record bytes": geometry.recordBytes,
      "MFT records": this.#mft.recordCount,
      "log version": typeof log?.restart === "object" ? log.restart.version : (log?.restart ?? "unknown"),
      "volume flags": names,
      "boot sector": geometry.bootSectorBytes === 0 ? "first sector" : `backup at byte ${geometry.bootSectorBytes}`,
    };
  }

  /** Counted when first asked for. Where $Bitmap cannot be read, which `state` tells, nothing is free. */
  get space(): Space {
    if (this.#space === undefined) {
      const { clusterBytes, clusterCount } = this.#geometry;
      const free =
        this.#attempt(
          () => {},
          () => countFreeClusters(this.content(RECORD.bitmap), clusterCount),
        ) ?? 0;
      this.#space = {
        sizeBytes: clusterCount * clusterBytes,
        freeBytes: free * clusterBytes,
        allocationUnitBytes: clusterBytes,
      };
    }
    return this.#space;
  }

  node(id: NodeId): Node {
    return this.#describe(id).node;
  }

  list(directory: NodeId, damaged: Damaged): Iterable<DirectoryEntry> {
    return new Directory(this.#volume, this.#mft, this.#file(directory)).list(damaged);
  }

  lookup(directory: NodeId, name: string): DirectoryEntry | undefined {
    return new Directory(this.#volume, this.#mft, this.#file(directory)).lookup(name, this.#capitals());
  }

  linkTarget(link: NodeId): string {
    const { target, node, reparse } = this.#describe(link);
    if (target !== undefined) return target;
    const what =
      node.kind === "symlink" ? `has no target in its reparse point ${reparse?.title ?? ""}` : `is no link but a ${node.kind}`;
    throw this.#refuse(node.kind === "symlink" ? "corrupt" : "path", link, what);
  }

  xattrs(id: NodeId): readonly Xattr[] {
    return xattrsOf(extendedAttributesOf(this.#file(id)));
  }

  /** Of a stream that is listed but damaged the size is 0; its content tells why. */
  streams(id: NodeId): readonly StreamInfo[] {
    const file = this.#file(id);
    const isStream = ({ type, name }: { type: number; name: string }) =>
      type === ATTRIBUTE.data && name !== "" && (name !== WOF_STREAM || this.#describe(id).reparse?.refusal === undefined);
    return [
      ...file.attributes.filter(isStream).map(({ name }) => ({ name, sizeBytes: dataBytes(file, name) })),
      ...file.lost.filter(isStream).map(({ name }) => ({ name, sizeBytes: 0 })),
    ];
  }

  content(id: NodeId, stream = ""): BlockSource {
    const file = this.#file(id);
    if (stream === "") this.#checkReadable(id);
    const data = file.attribute(ATTRIBUTE.data, stream) ?? this.#streamInOtherCase(file, stream);
    if (data === undefined)
      throw this.#refuse("path", id, stream === "" ? "has no content" : `has no stream ${JSON.stringify(stream)}`);
    return file.source(data);
  }

  close(): void {
    this.#last = undefined;
    this.#recovery?.close();
  }

  #file(id: NodeId): NtfsFile {
    if (this.#last?.id !== id) this.#last = { id, file: openFile(this.#volume, this.#mft, id), description: undefined };
    return this.#last.file;
  }

  #describe(id: NodeId): Description {
    const file = this.#file(id);
    const description = this.#last?.description ?? describeFile(file);
    this.#last = { id, file, description };
    return description;
  }

  /** What lies there must be the content, not what stands for it. */
  #checkReadable(id: NodeId): void {
    const { node, reparse, attributeFlags } = this.#describe(id);
    if (node.kind === "directory") throw this.#refuse("path", id, "is a directory");
    if (reparse?.refusal !== undefined) throw this.#refuse("unsupported", id, reparse.refusal);
    if (reparse !== undefined && (attributeFlags & (FLAG.offline | FLAG.recall)) !== 0)
      throw this.#refuse("unsupported", id, `has its data elsewhere: it is offline (${reparse.title})`);
  }

  #streamInOtherCase(file: NtfsFile, stream: string) {
    if (stream === "") return undefined;
    const capitals = this.#capitals();
    return file.attributes.find(({ type, name }) => type === ATTRIBUTE.data && capitals.compare(name, stream) === 0);
  }

  #capitals(): Upcase {
    if (this.#upcase === undefined) {
      try {
        const bytes = new Uint8Array(UPCASE_BYTES);
        this.content(RECORD.upcase).readSync(bytes, 0);
        this.#upcase = new Upcase(new DataView(bytes.buffer));
      } catch (error) {
        damageOf(error);
        this.#upcase = Upcase.builtIn();
      }
    }
    return this.#upcase;
  }

  #volumeFile(): { label: string; version: string; flags: number } {
    const file = this.#file(RECORD.volume);
    const information = file.attribute(ATTRIBUTE.volumeInformation);
    const label = file.attribute(ATTRIBUTE.volumeName);
    if (information === undefined) throw this.#refuse("corrupt", RECORD.volume, "has no $VOLUME_INFORMATION");
    const { majorVersion, minorVersion, flags } = volumeInformation.view(file.bytes(information, MAX_NAME_BYTES));
    return {
      label: label === undefined ? "" : nameFromUtf16le(file.bytes(label, MAX_NAME_BYTES)),
      version: `${majorVersion}.${minorVersion}`,
      flags,
    };
  }

  #isHibernated(): boolean {
    const entry = this.lookup(RECORD.root, "hiberfil.sys");
    return entry !== undefined && isHibernated(this.content(entry.id));
  }

  #attempt<T>(note: (problem: string) => void, what: () => T): T | undefined {
    try {
      return what();
    } catch (error) {
      note(damageOf(error).message);
      return undefined;
    }
  }

  #refuse(kind: "corrupt" | "unsupported" | "path", id: NodeId, what: string): NomountError {
    return new NomountError(kind, `ntfs: FILE record ${id} ${what}`, { where: this.#mft.where(id) });
  }
}
