import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { nameForDisplay } from "../bytes/names.ts";
import { NomountError } from "../error.ts";
import { ByteText } from "./byte-text.ts";

const FLUSH_AT = 65_536;
const ZEROS = new Uint8Array(65_536);

/** What terminals act upon (C0 and C1 controls, halves of pairs, reordering), in a text that has no names of its own to keep. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu;
/** What JSON leaves as it is although a terminal may act upon it. */
const UNSAFE_IN_JSON = /[\u007f-\u009f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g;

/**
 * Standard output or standard error as text, written in large pieces and whole. Names of a guest go out as their exact bytes
 * into a file or pipe, and escaped to a terminal, which would act upon the control characters in them.
 */
export class Output {
  readonly fd: number;
  readonly isTerminal: boolean;
  readonly #pending = new ByteText();
  #brokenPipe: unknown;

  constructor(fd: number, isTerminal: boolean = isatty(fd)) {
    this.fd = fd;
    this.isTerminal = isTerminal;
  }

  /** A name as it may stand in a line of this output. */
  name(name: string): string {
    return this.isTerminal ? nameForDisplay(name) : name;
  }

  line(text: string): void {
    this.#pending.text(text);
    this.text("\n");
  }

  text(text: string): void {
    this.#pending.text(text);
    if (this.#pending.length >= FLUSH_AT) this.flush();
  }

  /** For lines that are put together of many pieces: their end comes by `line` or `text`. */
  get pieces(): ByteText {
    return this.#pending;
  }

  /** One JSON value on a line of its own: ASCII controls, C1 controls and lone surrogates are escaped in it. */
  json(value: unknown): void {
    const text = JSON.stringify(value, (_, field) => (typeof field === "bigint" ? field.toString() : field));
    this.line(text.replace(UNSAFE_IN_JSON, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`));
  }

  /** Hands everything to the system. Throws EPIPE as it comes, and any other failure as a `sink` error. */
  flush(): void {
    if (this.#pending.length > 0) this.#write(this.#pending.take());
  }

  /** Content as it is, after whatever was said before. */
  bytes(bytes: Uint8Array): void {
    this.flush();
    this.#write(bytes);
  }

  zeros(count: number): void {
    for (let rest = count; rest > 0; rest -= ZEROS.length) this.bytes(ZEROS.subarray(0, Math.min(rest, ZEROS.length)));
  }

  /** Throws the EPIPE that a write has met, should it have been taken for any failure of a destination. */
  throwIfBroken(): void {
    if (this.#brokenPipe !== undefined) throw this.#brokenPipe;
  }

  #break(error: unknown): never {
    this.#brokenPipe = error;
    throw error;
  }

  #write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      try {
        at += writeSync(this.fd, bytes, at);
      } catch (error) {
        const code = systemCode(error);
        if (code === "EAGAIN") pause(2);
        else if (code === "EPIPE") this.#break(error);
        else throw new NomountError("sink", `standard output: ${reason(error)}`, { cause: error });
      }
    }
  }
}

/** A message as a line for people: whatever a guest's names or labels brought in cannot act upon a terminal. */
export function safeLine(text: string): string {
  return text.replace(UNSAFE, (character) => nameForDisplay(character));
}

/** The same for a text of several lines. */
export function safeLines(text: string): string {
  return text.split("\n").map(safeLine).join("\n");
}

/** The code of a failed system call ("EPIPE"), or undefined for any other value. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Node's words without the name of the call: "ENOSPC: no space left on device". */
function reason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, \w+$/, "") : String(error);
}

/** The other end of a pipe may have made it non-blocking for both: then a full pipe is waited for. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
