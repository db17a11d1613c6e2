import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { extract } from "../../../src/extract/extract.ts";
import type { Report } from "../../../src/extract/report.ts";
import type { Out } from "../../../src/sink/direct.ts";
import { TarSink } from "../../../src/sink/tar/tar-sink.ts";
import type { BlockSource, Extent, Place } from "../../../src/source/block-source.ts";
import { contentOf } from "../../support/content-of-extents.ts";
import { countedBytes } from "../../support/counted-bytes.ts";
import { FailingSource } from "../../support/failing-source.ts";
import { FakeFileSystem, type FakeNode, folder } from "../../support/fake-file-system.ts";
import { selectionOf } from "../../support/selection-of.ts";

const MIB = 1024 * 1024;
const disk = countedBytes(24 * MIB);

/** Long and short extents, some inside one slab, one longer than many. */
function tree(source: BlockSource): FakeNode {
  const data = (offsetBytes: number, lengthBytes: number): Extent => ({ kind: "data", source, offsetBytes, lengthBytes });
  return folder({
    short: { content: contentOf([data(100, 3000)]) },
    long: { content: contentOf([data(5000, 100_001), data(7, 200), data(MIB, 70_000)]) },
    longest: { content: contentOf([data(3, 20 * MIB)]) },
    sparse: { content: contentOf([data(0, 65_536), { kind: "hole", lengthBytes: MIB }, data(12 * MIB, 300_000)]) },
    last: { content: contentOf([data(9, 10)]) },
  });
}

/** An archive, and how much of it went around the stream, of which at most `mostBytes` are taken at once. */
async function archive(source: BlockSource, mostBytes?: number): Promise<{ bytes: Buffer; report: Report; sent: number }> {
  const parts: Uint8Array[] = [];
  const out: Out = new Writable({
    write: (bytes: Uint8Array, _, done) => {
      parts.push(Uint8Array.from(bytes));
      done();
    },
  });
  let sent = 0;
  const send = ({ offsetBytes }: Place, lengthBytes: number): number => {
    expect(out.writableLength).toBe(0);
    const length = Math.min(lengthBytes, mostBytes ?? 0);
    parts.push(disk.subarray(offsetBytes, offsetBytes + length));
    sent += length;
    return length;
  };
  if (mostBytes !== undefined) Object.assign(out, { direct: { expect: () => undefined, send } });
  const report = await extract([selectionOf(new FakeFileSystem(tree(source)))], new TarSink(out));
  return { bytes: Buffer.concat(parts), report, sent };
}

test.each([0, 70_000, Number.POSITIVE_INFINITY])("is the same where %s bytes at once go around it", async (mostBytes) => {
  const plain = await archive(new FailingSource(disk));
  const direct = await archive(new FailingSource(disk), mostBytes);
  expect(direct.bytes.equals(plain.bytes)).toBe(true);
  expect(direct.report).toEqual(plain.report);
  const longExtents = 100_001 + 70_000 + 20 * MIB + 65_536 + 300_000;
  if (mostBytes === Number.POSITIVE_INFINITY) expect(direct.sent).toBe(longExtents);
});

test("what could not be sent is read, and its bad places are said as ever", async () => {
  const trouble = { badSectors: [[4096, 4099]] } as const;
  const plain = await archive(new FailingSource(disk, trouble));
  const direct = await archive(new FailingSource(disk, trouble), 4096);
  expect(direct.bytes.equals(plain.bytes)).toBe(true);
  expect(plain.report.failed).toHaveLength(1);
  expect(direct.report.failed).toEqual(plain.report.failed);
});
