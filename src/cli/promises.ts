import { nameForDisplay } from "../bytes/names.ts";
import { NomountError } from "../error.ts";
import type { Ledger } from "../sink/manifest/ledger.ts";
import type { Sink } from "../sink/sink.ts";
import type { Context } from "./context.ts";
import { longSize, plural } from "./format/size.ts";

/** What `cp` promises beyond copying, where it is asked to. */
export interface PromiseOptions {
  readonly manifest?: string | undefined;
  readonly since?: string | undefined;
  readonly resume?: boolean | undefined;
  readonly verify?: boolean | undefined;
}

/** A manifest is made, continued, compared with, and at the end checked. */
export class Promises {
  readonly ledger: Ledger;
  readonly #options: PromiseOptions;
  /** Where the manifest is. */
  readonly #manifest: string | undefined;
  readonly #tidy: () => void;

  /** Undefined where nothing of it is asked for, so that nothing is loaded. */
  static async open(options: PromiseOptions): Promise<Promises | undefined> {
    const { manifest, since, resume, verify } = options;
    if (manifest === undefined && since === undefined && resume !== true && verify !== true) return undefined;
    const { Ledger } = await import("../sink/manifest/ledger.ts");
    if (manifest !== undefined || verify !== true) return new Promises(new Ledger(options), options, manifest, () => undefined);
    const { mkdtempSync, rmSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const folder = mkdtempSync(`${tmpdir()}/nomount-`);
    const own = `${folder}/manifest`;
    return new Promises(new Ledger({ ...options, manifest: own }), options, own, () => rmSync(folder, { recursive: true }));
  }

  private constructor(ledger: Ledger, options: PromiseOptions, manifest: string | undefined, tidy: () => void) {
    this.ledger = ledger;
    this.#options = options;
    this.#manifest = manifest;
    this.#tidy = tidy;
  }

  get digests(): boolean {
    return this.#manifest !== undefined;
  }

  /** Throws `usage` where an open destination cannot do it. */
  check({ stock }: Sink): void {
    if (stock !== undefined) return;
    const asked = this.#options.resume === true ? "--resume" : this.#options.verify === true ? "--verify" : undefined;
    if (asked !== undefined)
      throw new NomountError("usage", `${asked} needs a folder, here or on a server: an archive is written anew each time`);
  }

  /** When everything has arrived: completes the manifest, says what is gone, and reads back what is to be verified. */
  async finish(context: Context, sink: Sink, signal: AbortSignal | undefined): Promise<void> {
    let goneCount = 0;
    for (const path of this.ledger.gone()) {
      goneCount += 1;
      context.say(`gone: ${nameForDisplay(path)}`);
    }
    if (this.#options.since !== undefined) context.say(`${plural(goneCount, "entry")} gone since that manifest`);
    this.ledger.finish();
    const { stock } = sink;
    if (this.#options.verify !== true || stock === undefined || this.#manifest === undefined) return;
    const { verify } = await import("../sink/manifest/verify.ts");
    const wrong = (path: string, { message }: { readonly message: string }): void =>
      context.say(`${nameForDisplay(path)}: ${message}`);
    const { count, contentBytes, wrongCount } = await verify(this.#manifest, stock, { wrong }, signal);
    context.say(`verified ${plural(count, "entry")}, ${longSize(contentBytes)} read back: ${wrongCount} wrong`);
    if (wrongCount > 0) context.fail();
  }

  /** After either end. */
  close(): void {
    this.ledger.stop();
    this.#tidy();
  }
}
