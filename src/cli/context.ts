import { damageOf, NomountError } from "../error.ts";
import type { FileSystem } from "../filesystem/file-system.ts";
import type { Image, LocateOptions, Location } from "../image/image.ts";
import { EXIT, exitCodeOf } from "./exit-code.ts";
import type { ImageOptions } from "./options.ts";
import { type Output, safeLine } from "./output.ts";
import { ProgressLine } from "./progress-line.ts";

/** Where a command's words go, and what its exit status will be. */
export class Context {
  /** What was asked for. */
  readonly stdout: Output;
  /** What else there is to say. */
  readonly stderr: Output;
  status: number = EXIT.ok;
  readonly warnings: string[] = [];
  /** Of the work that is going on. */
  progress: ProgressLine | undefined;
  readonly #said = new Set<FileSystem>();

  constructor(stdout: Output, stderr: Output) {
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** One line on standard error, at once. What a guest's names brought in cannot act upon a terminal. */
  say(text: string): void {
    this.stdout.flush();
    this.progress?.clear();
    this.stderr.line(`nomount: ${safeLine(text)}`);
    this.stderr.flush();
  }

  warn(text: string): void {
    this.warnings.push(text);
    this.say(`warning: ${text}`);
  }

  /** Some of what was asked for is not to be had. */
  fail(): void {
    this.status = EXIT.partial;
  }

  /** Something that was asked for cannot be had, and the rest goes on. What ends the run passes through. */
  missed(error: unknown, address?: string): void {
    const { kind, message } = damageOf(error);
    if (kind === "sink") throw error;
    this.fail();
    this.say(address === undefined ? message : `${address}: ${message}`);
  }

  /** What `look` gives; undefined where it cannot be had, and that has been said. */
  attempt<T>(address: string | undefined, look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      this.missed(error, address);
      return undefined;
    }
  }

  /** Shows the progress of `work` while it goes on. */
  async withProgress<T>(work: (progress: ProgressLine) => Promise<T>): Promise<T> {
    const progress = new ProgressLine(this.stderr);
    this.progress = progress;
    try {
      return await work(progress);
    } finally {
      progress.clear();
      this.progress = undefined;
    }
  }

  /** Opens an image with its warnings said, runs `body` on it, and closes it whatever happens. */
  async withImage(path: string, options: ImageOptions, body: (image: Image) => Promise<void> | void): Promise<void> {
    const { openImage } = await import("../node/open-image.ts");
    const image = await this.withProgress((progress) =>
      openImage([path, ...(options.pv ?? [])], {
        atSeqno: options.atSeqno,
        legs: options.leg,
        sectorBytes: options.sectorSize,
        spoolDir: options.spoolDir,
        replay: options.replay,
        journal: options.journal,
        spooling: (doneBytes, totalBytes) => progress.update({ doneBytes, totalBytes }),
        warn: (warning) => this.warn(warning.message),
      }),
    );
    try {
      await body(image);
    } finally {
      image.close();
    }
  }

  /**
   * The files that addresses name, those that can be had. The first time that a filesystem comes up, the state it was left in
   * is said. When there is none, the exit status says why.
   */
  locate(image: Image, addresses: readonly string[], options: LocateOptions = {}): Location[] {
    const found: Location[] = [];
    let status: number = EXIT.ok;
    for (const address of addresses) {
      try {
        const location = image.locate(address, options);
        this.#tellState(location.fileSystem, location.place.source.label);
        found.push(location);
      } catch (error) {
        this.missed(error);
        if (error instanceof NomountError) status = exitCodeOf(error.kind);
      }
    }
    if (found.length === 0) this.status = status;
    return found;
  }

  /** The roots of all filesystems, at any depth. */
  filesystems(image: Image): Location[] {
    const roots: Location[] = [];
    for (const place of image.places()) {
      const { content } = place;
      if (content.kind !== "filesystem") continue;
      this.attempt(undefined, () => {
        const fileSystem = content.open();
        this.#tellState(fileSystem, place.source.label);
        roots.push({ place, fileSystem, path: "/", node: fileSystem.node(fileSystem.root), stream: undefined });
      });
    }
    return roots;
  }

  #tellState(fileSystem: FileSystem, label: string): void {
    if (this.#said.has(fileSystem)) return;
    this.#said.add(fileSystem);
    if (fileSystem.state.warning !== undefined) this.warn(`${label}: ${fileSystem.state.warning}`);
  }
}
