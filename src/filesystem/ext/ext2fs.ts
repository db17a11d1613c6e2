import { type Fault, NomountError, SourceError } from "../../error.ts";
import type { BlockSource } from "../../source/block-source.ts";
import { CODE, PROBLEM_BYTES, type Problem, problemError, readProblem } from "./problem.ts";

/**
 * Basic blocks that one call may run before it counts as endless: about two seconds. The longest honest call, a megabyte of
 * inodes or a quarter of directory entries, takes a hundredth of that.
 */
const FUEL = 1_000_000_000;

/** What wasm/glue exports. Addresses and numbers are unsigned 32-bit; a call gives 0 or the code of its problem. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  refuel(units: number): void;
  reply(): number;
  error_text(code: number): number;
  open(): number;
  inode_place(number: number): number;
  inode_room(number: number): number;
  next_used_inode(number: number): number;
  inodes(first: number, count: number): number;
  directory(number: number, from: number): number;
  extents(number: number, from: number): number;
  xattrs(number: number): number;
  inline_data(number: number): number;
}

/** The answer of a call, and where to go on. */
export interface Reply {
  /** A window on the library's memory: valid until the next call. */
  readonly bytes: Uint8Array;
  /** The next inode or logical block; undefined when there is no more. */
  readonly next: number | undefined;
}

/** An inode as it lies on disk, checked. */
export interface RawInode {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** `struct reply` of glue.h. */
const REPLY = { data: 0, bytes: 4, next: 12, done: 16, problem: 24 } as const;

/**
 * libext2fs over a source. A trap, or a call that ran out of fuel, costs the instance: the next call makes a new one, which
 * takes a fraction of a millisecond. Every call is therefore complete in itself.
 */
export class Ext2fs {
  readonly #module: WebAssembly.Module;
  readonly #source: BlockSource;
  readonly #type: string;
  readonly #fuel: number;
  #instance: Exports | undefined;
  /** The instance's memory, made anew when it has grown, which detaches what there was. */
  #memory = new Uint8Array();
  #memoryView = new DataView(this.#memory.buffer);
  /** Why reads of the present call failed, by their place, and the last one. */
  readonly #readErrors = new Map<number, unknown>();
  #lastReadError: unknown;

  /** `source` should keep what was read: the library asks for the same blocks again and again. */
  constructor(module: WebAssembly.Module, source: BlockSource, type: string, fuel: number = FUEL) {
    this.#module = module;
    this.#source = source;
    this.#type = type;
    this.#fuel = fuel;
  }

  /** Reads superblock and group descriptors. Throws what keeps the filesystem from being opened. */
  open(): void {
    this.#library();
  }

  /** Where an inode lies, or undefined for one that cannot be. */
  inodePlace(number: number): number | undefined {
    const place = this.#call(`inode ${number}`, (library) => library.inode_place(number));
    return place < 0 ? undefined : place;
  }

  /** The first inode from `number` on that may be in use, as the group descriptors tell; undefined after the last. */
  nextUsedInode(number: number): number | undefined {
    const found = this.#call("group descriptors", (library) => library.next_used_inode(number)) >>> 0;
    return found === 0 ? undefined : found;
  }

  /** For each inode from `first` on a code, 4 bytes, then each as it lies on disk. */
  inodes(first: number, count: number): Reply {
    return this.#ask(`inode ${first}`, (library) => library.inodes(first, count));
  }

  /** Packed entries from a logical block on: directory.ts reads them. */
  directory(inode: RawInode, from: number): Reply {
    return this.#askOf(inode, (library) => library.directory(inode.number, from));
  }

  /** Packed runs that reach past a logical block: mapping.ts reads them. */
  extents(inode: RawInode, from: number): Reply {
    return this.#askOf(inode, (library) => library.extents(inode.number, from));
  }

  /** Packed extended attributes: xattrs.ts reads them. */
  xattrs(inode: RawInode): Reply {
    return this.#askOf(inode, (library) => library.xattrs(inode.number));
  }

  /** A copy. */
  inlineData(inode: RawInode): Uint8Array {
    return this.#askOf(inode, (library) => library.inline_data(inode.number)).bytes.slice();
  }

  /** A problem in a reply as an error. Only until the next call: why a read failed is kept no longer. */
  errorOf(problem: Problem): NomountError {
    if (problem.code === CODE.read) {
      const cause = problem.placeBytes === undefined ? undefined : this.#readErrors.get(problem.placeBytes);
      const known = cause ?? this.#lastReadError;
      if (known instanceof NomountError) return known;
    }
    return problemError(problem, this.#type, this.#source.label, (code) => this.#textOf(code));
  }

  faultOf(problem: Problem): Fault {
    const { kind, message } = this.errorOf(problem);
    return { kind, message };
  }

  /** Gives the memory back. The next call would open again. */
  close(): void {
    this.#instance = undefined;
  }

  /** Gives the library the inode, which it would otherwise read again. */
  #askOf({ number, bytes }: RawInode, call: (library: Exports) => number): Reply {
    return this.#ask(`inode ${number}`, (library) => {
      const room = library.inode_room(number);
      this.#lookAt(library);
      this.#memory.set(bytes, room);
      return call(library);
    });
  }

  #ask(subject: string, call: (library: Exports) => number): Reply {
    const code = this.#call(subject, call);
    const library = this.#library();
    const reply = library.reply();
    this.#lookAt(library);
    const view = this.#memoryView;
    if (code !== 0) throw this.errorOf(readProblem(view, reply + REPLY.problem));
    const data = view.getUint32(reply + REPLY.data, true);
    return {
      bytes: this.#memory.subarray(data, data + view.getUint32(reply + REPLY.bytes, true)),
      next: view.getUint32(reply + REPLY.done, true) === 0 ? view.getUint32(reply + REPLY.next, true) : undefined,
    };
  }

  /** Runs one call, with fuel. What it could not read is thrown if nothing can be read any more, or left to its reply. */
  #call(subject: string, call: (library: Exports) => number): number {
    const library = this.#library();
    this.#readErrors.clear();
    this.#lastReadError = undefined;
    let result: number;
    try {
      library.refuel(this.#fuel);
      result = call(library);
    } catch (error) {
      this.#instance = undefined;
      throw this.#gaveUp(subject, error);
    }
    this.#throwIfOver();
    return result;
  }

  #lookAt({ memory }: Exports): void {
    if (this.#memory.length > 0) return;
    this.#memory = new Uint8Array(memory.buffer);
    this.#memoryView = new DataView(memory.buffer);
  }

  #library(): Exports {
    if (this.#instance === undefined) {
      this.#instance = this.#makeInstance();
      this.#memory = new Uint8Array();
    }
    return this.#instance;
  }

  #makeInstance(): Exports {
    const instance = new WebAssembly.Instance(this.#module, {
      host: { read: (offset: number, length: number, address: number) => this.#read(library, offset, length, address >>> 0) },
    });
    const library = instance.exports as Exports;
    this.#readErrors.clear();
    this.#lastReadError = undefined;
    let code: number;
    try {
      library._initialize();
      library.refuel(this.#fuel);
      code = library.open();
    } catch (error) {
      throw this.#gaveUp("superblock or group descriptors", error);
    }
    this.#throwIfOver();
    if (code === 0) return library;
    if (this.#lastReadError !== undefined) throw this.#lastReadError;
    const problem = readProblem(new DataView(library.memory.buffer), library.reply() + REPLY.problem);
    throw problemError(problem, this.#type, this.#source.label, (known) => textAt(library, library.error_text(known)));
  }

  /** The library's only way to the device. An error stays here: thrown through the library it would leave it unusable. */
  #read(library: Exports, offset: number, length: number, address: number): number {
    try {
      this.#source.readSync(new Uint8Array(library.memory.buffer, address, length >>> 0), offset);
      return 0;
    } catch (error) {
      this.#readErrors.set(offset, error);
      this.#lastReadError = error;
      return 1;
    }
  }

  /** A source that has died ends the run; an error that is none of ours is a bug. */
  #throwIfOver(): void {
    const error = this.#lastReadError;
    if (error === undefined || (error instanceof NomountError && !(error instanceof SourceError && error.fatal))) return;
    throw error;
  }

  #gaveUp(subject: string, cause: unknown): unknown {
    if (!(cause instanceof WebAssembly.RuntimeError) && !(cause instanceof RangeError)) return cause;
    const where = { label: this.#source.label };
    return new NomountError("corrupt", `${this.#type}: ${subject}: reading it did not come to an end (${cause.message})`, {
      where,
      cause,
    });
  }

  #textOf(code: number): string {
    const library = this.#library();
    return textAt(library, library.error_text(code));
  }
}

function textAt(library: Exports, address: number): string {
  const bytes = new Uint8Array(library.memory.buffer, address >>> 0);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

/** `problem` in a reply must lie within it. */
export function problemAt(bytes: Uint8Array, offset: number): Problem {
  return readProblem(new DataView(bytes.buffer, bytes.byteOffset + offset, PROBLEM_BYTES), 0);
}
