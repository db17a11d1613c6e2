import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nameFromBytes } from "../../src/bytes/names.ts";
import { Output, safeLine } from "../../src/cli/output.ts";

let folder: string;
let fd: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nomount-test-"));
  fd = openSync(join(folder, "out"), "w");
});
afterEach(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});
const written = () => readFileSync(join(folder, "out"));
const hostile = nameFromBytes(Uint8Array.from(Buffer.from("a\x1b[31m\nb\xff\u009b", "latin1")));

describe("names", () => {
  test("go into a file or pipe as their exact bytes", () => {
    const output = new Output(fd, false);
    output.line(output.name(hostile));
    output.flush();
    expect(written().toString("latin1")).toBe("a\x1b[31m\nb\xff\u009b\n");
  });

  test("go to a terminal escaped", () => {
    const output = new Output(fd, true);
    output.line(output.name(`${hostile}\u202etxt.exe`));
    output.flush();
    expect(written().toString()).toBe("a\\x1b[31m\\nb\\xff\\x9b\\u202etxt.exe\n");
  });

  test("stand in JSON so that a terminal does not act on them and a parser gets them back", () => {
    const output = new Output(fd, false);
    output.json({ name: `${hostile}\u202e\u009b`, ns: 2n ** 63n });
    output.flush();
    expect(/[^\x20-\x7e\n]/.test(written().toString("latin1"))).toBe(false);
    expect(JSON.parse(written().toString())).toEqual({ name: `${hostile}\u202e\u009b`, ns: "9223372036854775808" });
  });
});

test("messages cannot act upon a terminal, and keep their backslashes", () => {
  expect(safeLine('p1: "a\\\\b\x1b]0;x\x07": no such file\n\u2066')).toBe('p1: "a\\\\b\\x1b]0;x\\x07": no such file\\n\\u2066');
});

test("content follows what was said before it, zeros of any length included", () => {
  const output = new Output(fd, false);
  output.text("head ");
  output.zeros(200_000);
  output.bytes(Uint8Array.of(255, 0));
  const expected = Buffer.concat([Buffer.from("head "), Buffer.alloc(200_000), Buffer.from([255, 0])]);
  expect(written().equals(expected)).toBe(true);
});

test("a full disk is an error of the destination", () => {
  const full = openSync("/dev/full", "w");
  const output = new Output(full, false);
  output.line("lost");
  expect(() => output.flush()).toThrow(
    expect.objectContaining({ kind: "sink", message: expect.stringContaining("ENOSPC: no space left") }),
  );
  closeSync(full);
});
