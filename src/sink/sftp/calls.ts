import { nameFromBytes } from "../../bytes/names.ts";
import { entryError, lineError, refusedError, type StoreError } from "../remote/store-error.ts";
import { Fields, type FileAttributes, REPLY, REQUEST, type Reply, STATUS } from "./packets.ts";
import type { Session } from "./session.ts";

const MEANINGS = new Map<number, string>([
  [STATUS.noSuchFile, "the folder it belongs in is not there"],
  [STATUS.permissionDenied, "permission denied"],
  [STATUS.unsupported, "the server cannot do it"],
]);

/** A request that the server has answered with a status other than `ok`. */
class Refusal {
  readonly status: number;
  readonly words: string;

  constructor(status: number, words: string) {
    this.status = status;
    this.words = words;
  }
}

/** The requests of SFTP as calls. A path is whole, in the form of `bytes/names.ts`; a refused one throws a `StoreError`. */
export class Calls {
  readonly session: Session;
  readonly #top: string;

  /** `top`: the folder that everything goes into, whose room counts. */
  constructor(session: Session, top: string) {
    this.session = session;
    this.#top = top;
  }

  async open(path: string, flags: number, attributes: FileAttributes = {}): Promise<Uint8Array> {
    const reply = await this.session.request(REQUEST.open, new Fields().text(path).u32(flags).attributes(attributes));
    return this.#expect(reply, REPLY.handle, (handle) => Uint8Array.from(handle.bytes()));
  }

  async write(handle: Uint8Array, offsetBytes: number, bytes: Uint8Array): Promise<void> {
    const fields = new Fields().bytes(handle).u64(offsetBytes).bytes(bytes);
    await this.#done(await this.session.request(REQUEST.write, fields, bytes.length));
  }

  /** Undefined at the end of the file. */
  async read(handle: Uint8Array, offsetBytes: number, lengthBytes: number): Promise<Uint8Array | undefined> {
    const reply = await this.session.request(REQUEST.read, new Fields().bytes(handle).u64(offsetBytes).u32(lengthBytes));
    const refusal = refusalOf(reply);
    if (refusal?.status === STATUS.eof) return undefined;
    if (refusal !== undefined) throw await this.#error(refusal);
    return this.#expect(reply, REPLY.data, (data) => data.bytes());
  }

  async close(handle: Uint8Array): Promise<void> {
    await this.#done(await this.session.request(REQUEST.close, new Fields().bytes(handle)));
  }

  async setHandle(handle: Uint8Array, attributes: FileAttributes): Promise<void> {
    await this.#done(await this.session.request(REQUEST.fsetstat, new Fields().bytes(handle).attributes(attributes)));
  }

  async set(path: string, attributes: FileAttributes): Promise<void> {
    await this.#done(await this.session.request(REQUEST.setstat, new Fields().text(path).attributes(attributes)));
  }

  /** Of a link itself, where the server can. */
  async setLink(path: string, attributes: FileAttributes): Promise<void> {
    await this.#done(await this.#extended("lsetstat@openssh.com", new Fields().text(path).attributes(attributes)));
  }

  async statHandle(handle: Uint8Array): Promise<FileAttributes> {
    const reply = await this.session.request(REQUEST.fstat, new Fields().bytes(handle));
    return this.#expect(reply, REPLY.attrs, (attrs) => attrs.attributes());
  }

  /** Undefined where there is nothing; `stat` follows links, `lstat` does not. */
  async look(how: "stat" | "lstat", path: string): Promise<FileAttributes | undefined> {
    const reply = await this.session.request(REQUEST[how], new Fields().text(path));
    const refusal = refusalOf(reply);
    if (refusal?.status === STATUS.noSuchFile) return undefined;
    if (refusal !== undefined) throw await this.#error(refusal);
    return this.#expect(reply, REPLY.attrs, (attrs) => attrs.attributes());
  }

  async readLink(path: string): Promise<string> {
    const reply = await this.session.request(REQUEST.readlink, new Fields().text(path));
    return this.#expect(reply, REPLY.name, (names) => {
      names.u32();
      return nameFromBytes(names.bytes());
    });
  }

  async makeFolder(path: string, permissions: number): Promise<void> {
    const fields = new Fields().text(path).attributes({ permissions });
    await this.#done(await this.session.request(REQUEST.mkdir, fields));
  }

  /** The arguments in OpenSSH's order, which the others follow: its PROTOCOL file, 4.1. */
  async symlink(path: string, target: string): Promise<void> {
    await this.#done(await this.session.request(REQUEST.symlink, new Fields().text(target).text(path)));
  }

  async hardLink(path: string, existing: string): Promise<void> {
    await this.#done(await this.#extended("hardlink@openssh.com", new Fields().text(existing).text(path)));
  }

  async sync(handle: Uint8Array): Promise<void> {
    await this.#done(await this.#extended("fsync@openssh.com", new Fields().bytes(handle)));
  }

  /** In the place of what has the new name. Without the extension that is taken away first, and both is not one step. */
  async rename(from: string, to: string): Promise<void> {
    if (this.session.has("posix-rename@openssh.com")) {
      await this.#done(await this.#extended("posix-rename@openssh.com", new Fields().text(from).text(to)));
      return;
    }
    await this.remove(to);
    await this.#done(await this.session.request(REQUEST.rename, new Fields().text(from).text(to)));
  }

  /** What is not there is as good as removed. */
  async remove(path: string): Promise<void> {
    const refusal = refusalOf(await this.session.request(REQUEST.remove, new Fields().text(path)));
    if (refusal !== undefined && refusal.status !== STATUS.ok && refusal.status !== STATUS.noSuchFile)
      throw await this.#error(refusal);
  }

  #extended(name: string, fields: Fields): Promise<Reply> {
    const named = new Fields().text(name);
    named.parts.push(...fields.parts);
    return this.session.request(REQUEST.extended, named);
  }

  async #done(reply: Reply): Promise<void> {
    const refusal = refusalOf(reply);
    if (refusal === undefined || refusal.status === STATUS.ok) return;
    throw await this.#error(refusal);
  }

  async #expect<T>(reply: Reply, type: number, read: (reply: Reply) => T): Promise<T> {
    const refusal = refusalOf(reply);
    if (refusal !== undefined) throw await this.#error(refusal);
    try {
      if (reply.type === type) return read(reply);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    throw lineError(`${this.session.label}: no SFTP: a reply of type ${reply.type} where ${type} was expected`);
  }

  /** SFTP has no word for a full disk: where the server just says "failure", it is asked how much room there is. */
  async #error({ status, words }: Refusal): Promise<StoreError> {
    const meaning = MEANINGS.get(status) ?? `the server says "${words}"`;
    if (status !== STATUS.failure) return entryError(meaning);
    const isFull = await this.#isFull().catch(() => false);
    return isFull ? refusedError(`${this.session.label}: the destination is full`) : entryError(meaning);
  }

  async #isFull(): Promise<boolean> {
    if (!this.session.has("statvfs@openssh.com")) return false;
    const reply = await this.#extended("statvfs@openssh.com", new Fields().text(this.#top));
    if (reply.type !== REPLY.extended) return false;
    // f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail.
    const fields = Array.from({ length: 8 }, () => reply.u64());
    const [, fragmentBytes = 1, , , availableBlocks = 1, fileCount = 0, , availableFiles = 1] = fields;
    return availableBlocks * fragmentBytes < ROOM_BYTES || (fileCount > 0 && availableFiles === 0);
  }
}

/** Less than one write is no room. */
const ROOM_BYTES = 128 * 1024;

function refusalOf(reply: Reply): Refusal | undefined {
  if (reply.type !== REPLY.status) return undefined;
  try {
    const status = reply.u32();
    return new Refusal(status, reply.isAtEnd ? "" : reply.bytes().toString("utf8").slice(0, 200));
  } catch (error) {
    if (error instanceof RangeError) return new Refusal(STATUS.failure, "");
    throw error;
  }
}
