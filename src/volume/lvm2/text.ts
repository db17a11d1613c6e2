import { NomountError } from "../../error.ts";
import { ConfigSection, type ConfigValue } from "./section.ts";

/** Sections deeper than lvm2's own four levels by far: what nests further is an attack on the stack. */
const MAX_DEPTH = 32;

/**
 * Parses a text up to its end, or to a NUL (texts on disk end with one). `label` is for messages, as is `offsetBytes`: where the
 * text begins there. Throws `corrupt` with the line.
 */
export function parseConfig(bytes: Uint8Array, label: string, offsetBytes?: number): ConfigSection {
  return new Parser(bytes, label, offsetBytes).parse();
}

type Token = { readonly kind: "word" | "string" | "number" | "mark" | "end"; readonly text: string; readonly at: number };

/** What a character is to the tokenizer; all others make words. */
const SPACE = 1;
const MARK = 2;
const QUOTE = 3;
const COMMENT = 4;
const classes = new Uint8Array(256);
for (const [characters, kind] of [
  [" \t\n\r\v\f", SPACE],
  ["{}[]=,", MARK],
  ["\"'", QUOTE],
  ["#", COMMENT],
] as const) {
  for (const character of characters) classes[character.charCodeAt(0)] = kind;
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;

class Parser {
  readonly #text: string;
  readonly #label: string;
  readonly #offsetBytes: number | undefined;
  #at = 0;
  #token: Token;

  constructor(bytes: Uint8Array, label: string, offsetBytes: number | undefined) {
    const nul = bytes.indexOf(0);
    // One character for each byte, so that a place in the text is a place on the disk.
    this.#text = latin1(nul < 0 ? bytes : bytes.subarray(0, nul));
    this.#label = label;
    this.#offsetBytes = offsetBytes;
    this.#token = this.#next();
  }

  parse(): ConfigSection {
    return this.#entries(new ConfigSection("", this.#label), 0, "end");
  }

  #entries(section: ConfigSection, depth: number, until: "end" | "}"): ConfigSection {
    while (!(until === "end" ? this.#token.kind === "end" : this.#is("}"))) {
      const key = this.#take("word", "string", "number").text;
      const path = section.path === "" ? key : `${section.path}/${key}`;
      if (this.#is("{")) {
        if (depth === MAX_DEPTH) this.#fail(`sections nest deeper than ${MAX_DEPTH}`);
        this.#token = this.#next();
        section.add(key, this.#entries(new ConfigSection(path, this.#label), depth + 1, "}"));
        this.#mark("}");
      } else {
        this.#mark("=");
        section.add(key, this.#value());
      }
    }
    return section;
  }

  #value(): ConfigValue {
    if (!this.#is("[")) return this.#scalar();
    this.#token = this.#next();
    const list: (number | string)[] = [];
    while (!this.#is("]")) {
      list.push(this.#scalar());
      if (!this.#is("]")) this.#mark(",");
    }
    this.#mark("]");
    return list;
  }

  #scalar(): number | string {
    const token = this.#take("string", "number");
    return token.kind === "string" ? utf8(token.text) : Number(token.text);
  }

  #is(mark: string): boolean {
    return this.#token.kind === "mark" && this.#token.text === mark;
  }

  #mark(mark: string): void {
    if (!this.#is(mark)) this.#fail(`expected "${mark}", found ${this.#shown()}`);
    this.#token = this.#next();
  }

  #take(...kinds: readonly Token["kind"][]): Token {
    const token = this.#token;
    if (!kinds.includes(token.kind)) this.#fail(`expected a ${kinds[0] === "word" ? "key" : "value"}, found ${this.#shown()}`);
    this.#token = this.#next();
    return token;
  }

  #next(): Token {
    this.#skip();
    const at = this.#at;
    const first = this.#text[at];
    if (first === undefined) return { kind: "end", text: "", at };
    const kind = this.#class(at);
    if (kind === MARK) {
      this.#at += 1;
      return { kind: "mark", text: first, at };
    }
    if (kind === QUOTE) return { kind: "string", text: this.#quoted(first), at };
    while (this.#at < this.#text.length && this.#class(this.#at) === 0) this.#at += 1;
    const text = this.#text.slice(at, this.#at);
    return { kind: NUMBER.test(text) ? "number" : "word", text, at };
  }

  #class(at: number): number {
    return classes[this.#text.charCodeAt(at)] ?? 0;
  }

  #skip(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const kind = this.#class(this.#at);
      if (kind === COMMENT) {
        const line = this.#text.indexOf("\n", this.#at);
        this.#at = line < 0 ? this.#text.length : line;
      } else if (kind !== SPACE) return;
    }
  }

  /** In double quotes `\"` and `\\` stand for the character; in single quotes nothing is special. */
  #quoted(quote: string): string {
    const start = this.#at;
    let text = "";
    for (let from = start + 1, at = from; ; at++) {
      const c = this.#text[at];
      if (c === undefined) return this.#fail("a string has no end", start);
      const escaped = c === "\\" && quote === '"';
      if (!escaped && c !== quote) continue;
      text += this.#text.slice(from, at);
      from = at + 1;
      if (escaped) at += 1;
      else {
        this.#at = from;
        return text;
      }
    }
  }

  #shown(): string {
    return this.#token.kind === "end" ? "the end of the text" : JSON.stringify(this.#token.text.slice(0, 40));
  }

  #fail(what: string, at: number = this.#token.at): never {
    const line = this.#text.slice(0, at).split("\n").length;
    const where =
      this.#offsetBytes === undefined ? { label: this.#label } : { label: this.#label, offsetBytes: this.#offsetBytes + at };
    throw new NomountError("corrupt", `lvm2: metadata text: line ${line}: ${what}`, { where });
  }
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192)
    text += Reflect.apply(String.fromCharCode, undefined, bytes.subarray(at, at + 8192));
  return text;
}

/** Names and tags are ASCII; descriptions and host names may be anything. */
function utf8(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0)));
  }
  return text;
}
