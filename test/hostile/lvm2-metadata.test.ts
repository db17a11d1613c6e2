import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/source/memory.ts";
import { labelHeader, METADATA_HEADER_BYTES, metadataAreaHeader, rawLocation } from "../../src/volume/lvm2/layout.ts";
import { fixtureBytes } from "../support/fixture.ts";
import { contentOf, openLvm2, volumeNamed } from "../support/lvm2.ts";
import { changeText, repairAreaHeader, withText } from "../support/lvm2-metadata.ts";

/** The only physical volume of `lvm2-twin`'s first group: label in sector 1, one metadata area at 4096. */
const original = fixtureBytes("lvm2-twin").subarray(2 ** 20, 4 * 2 ** 20);
const LABEL = 512;
const AREA = 4096;

/** Opens a copy of it that was changed, and gives the warnings and what a read of its volume says. */
function opened(change: (bytes: Uint8Array, view: DataView) => void) {
  const bytes = Uint8Array.from(original);
  change(bytes, new DataView(bytes.buffer));
  const { tables, warnings } = openLvm2([new MemorySource(bytes, "pv")]);
  return { tables, warnings };
}

/** What is said when the only volume is read: a warning on opening, or the error of the read. */
function readError(change: (text: string) => string): string {
  const { tables, warnings } = opened((bytes) => changeText(bytes, change));
  if (warnings.length > 0) return warnings.join("\n");
  try {
    contentOf(volumeNamed(tables, "twin/data").source);
  } catch (error) {
    return String(error);
  }
  return "read";
}

describe("a physical volume that contradicts its format is named, and makes no group", () => {
  const at = (field: Parameters<typeof labelHeader.offsetOf>[0]) => LABEL + labelHeader.offsetOf(field);
  const area = (field: Parameters<typeof metadataAreaHeader.offsetOf>[0]) => AREA + metadataAreaHeader.offsetOf(field);
  const location = (field: Parameters<typeof rawLocation.offsetOf>[0]) => {
    return AREA + metadataAreaHeader.sizeBytes + rawLocation.offsetOf(field);
  };
  const cases: readonly (readonly [message: RegExp, change: (bytes: Uint8Array, view: DataView) => void])[] = [
    [
      /^lvm2: label: checksum mismatch: expected 0x[0-9a-f]{8}, found 0x[0-9a-f]{8} \(pv, byte 0x200\)$/,
      (bytes) => bytes.fill(7, at("contentsOffset") + 100, at("contentsOffset") + 101),
    ],
    [/^lvm2: label: it names sector 5, but lies in sector 1/, (_, view) => view.setUint32(at("sector"), 5, true)],
    [
      /^lvm2: metadata area: magic: expected " LVM2 x\[5A%r0N\*>", found "XLVM2/,
      (bytes) => bytes.fill(0x58, area("magic"), area("magic") + 1),
    ],
    [/^lvm2: metadata area: header checksum mismatch/, (_, view) => view.setUint32(area("version"), 2, true)],
    [
      /^lvm2: metadata area: version 2: expected 1/,
      (bytes, view) => {
        view.setUint32(area("version"), 2, true);
        repairAreaHeader(bytes, AREA);
      },
    ],
    [
      /^lvm2: metadata area: it says that it begins at 0x2000/,
      (bytes, view) => {
        view.setUint32(area("start"), 0x2000, true);
        repairAreaHeader(bytes, AREA);
      },
    ],
    [
      /^lvm2: metadata area: its header says 18446744073709551615 bytes|^lvm2: metadata area: size 0xffffffffffffffff is out of range/,
      (bytes, view) => {
        view.setBigUint64(area("size"), 2n ** 64n - 1n, true);
        repairAreaHeader(bytes, AREA);
      },
    ],
    [/^lvm2: metadata area: text checksum mismatch/, (bytes) => bytes.fill(0x20, AREA + METADATA_HEADER_BYTES, AREA + 2 ** 19)],
    [
      /^lvm2: metadata area: its text begins at 0x100000000/,
      (bytes, view) => {
        view.setBigUint64(location("offset"), 2n ** 32n, true);
        repairAreaHeader(bytes, AREA);
      },
    ],
    [
      /^lvm2: metadata area: its text is 9007199254740991 bytes long: expected at most what the ring holds/,
      (bytes, view) => {
        view.setBigUint64(location("size"), 2n ** 53n - 1n, true);
        repairAreaHeader(bytes, AREA);
      },
    ],
    [/^lvm2: metadata text: line 1: expected a value, found "word"/, (bytes) => changeText(bytes, () => "a = word")],
    [/^lvm2: metadata text: expected one volume group/, (bytes) => changeText(bytes, () => "a { } b { }")],
    [
      /^lvm2: metadata text: vg: extent_size: expected an integer, found nothing/,
      (bytes) => changeText(bytes, () => 'vg { id = "x" }'),
    ],
    [
      /^lvm2: metadata text: twin: extent_size 0/,
      (bytes) => changeText(bytes, (text) => text.replace(/extent_size = \d+/, "extent_size = 0")),
    ],
    [
      /^lvm2: metadata text: twin: id "short" is no UUID/,
      (bytes) => changeText(bytes, (text) => text.replace(/id = "[^"]*"/, 'id = "short"')),
    ],
    [
      /^lvm2: metadata text: twin\/physical_volumes\/pv0: \d+ extents of \d+ bytes reach past 2\^53/,
      (bytes) => changeText(bytes, (text) => text.replace(/pe_count = \d+/, "pe_count = 900719925474099")),
    ],
  ];
  test.each(cases)("%s", (message, change) => {
    const { tables, warnings } = opened(change);
    expect(tables).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(message)]);
  });
});

describe("damage to one volume's part of the text is that volume's", () => {
  const cases: readonly (readonly [message: string, change: (text: string) => string])[] = [
    [
      "twin/logical_volumes/data: segment_count is 2, found 1 segments",
      (text) => text.replace("segment_count = 1", "segment_count = 2"),
    ],
    [
      "twin/logical_volumes/data/segment1: it leaves a gap: expected start_extent 0, found 1",
      (text) => text.replace("start_extent = 0", "start_extent = 1"),
    ],
    ["twin/data: extents 0 to 900 of pv0, which has 32", (text) => text.replace("extent_count = 3", "extent_count = 900")],
    ["twin/data: stripes: expected a list of names and extents", (text) => text.replace('"pv0", 0', '"pv0", "pv0"')],
    [
      "twin/data: striped segment at extent 0: stripe_count is 2, found 1 stripes",
      (text) => text.replace("stripe_count = 1", "stripe_count = 2"),
    ],
    ['twin: no logical volume "pv7"', (text) => text.replace('"pv0", 0', '"pv7", 0')],
    ["twin: data is made of itself", (text) => text.replace('"pv0", 0', '"data", 0')],
    [
      'twin/data: segment type "vdo", a VDO volume (deduplicated and compressed), is not read',
      (text) => text.replace('type = "striped"', 'type = "vdo"'),
    ],
    ['twin/data: segment type "__proto__" is not read', (text) => text.replace('type = "striped"', 'type = "__proto__"')],
    [
      'twin/data: thin_pool: "data" is no thin pool',
      (text) => text.replace('type = "striped"', 'type = "thin"\nthin_pool = "data"'),
    ],
  ];
  test.each(cases)("%s", (message, change) => expect(readError(change)).toContain(message));

  test("a gap between two volumes' claims is none, an overlap refuses both", () => {
    const second = (start: number) => (text: string) => {
      const data = /\tdata \{[\s\S]*?\n\t?\}\n|data \{[\s\S]*?\n\}\n\}/.exec(text)?.[0] ?? "";
      expect(data).not.toBe("");
      const other = data
        .replace("data {", "other {")
        .replace(/id = "(.)/, 'id = "Q')
        .replace('"pv0", 0', `"pv0", ${start}`);
      return text.replace(data, `${data}${other}`);
    };
    expect(readError(second(3))).toBe("read");
    expect(readError(second(2))).toContain("lvm2: twin/data: extent 2 of pv0 belongs to other too");
  });

  test("volumes stacked higher than any that lvm2 makes", () => {
    const tower = Array.from({ length: 40 }, (_, i) => volumeText(`v${i}`, `v${i + 1}`)).join("") + volumeText("v40", "pv0");
    const change = (text: string) =>
      text.replace("logical_volumes {", `logical_volumes {\n${tower}`).replace('"pv0", 0', '"v0", 0');
    expect(readError(change)).toContain("lvm2: twin: volumes stack higher than 12");
  });

  test("50,000 segments open in seconds", () => {
    const count = 50_000;
    const bytes = new Uint8Array(2 ** 25 + original.length);
    const segments = Array.from({ length: count }, (_, i) => {
      return `segment${i + 1} {\nstart_extent = ${i}\nextent_count = 1\ntype = "zero"\n}\n`;
    });
    // In a ring of its own: the fixture's is too small.
    const text = `twin {\nid = "${"A".repeat(32)}"\nseqno = 9\nextent_size = 8\nphysical_volumes {\n}\nlogical_volumes {\nbig {\nid = "${"B".repeat(32)}"\nstatus = ["VISIBLE"]\nsegment_count = ${count}\n${segments.join("")}}\n}\n}\n`;
    const started = performance.now();
    const { tables } = openLvm2([new MemorySource(withText(bytes, text), "pv")]);
    const { source } = volumeNamed(tables, "twin/big");
    const sector = new Uint8Array(512);
    for (let i = 0; i < 1000; i++) source.readSync(sector, ((i * 7919) % count) * 4096);
    expect(source.sizeBytes).toBe(count * 4096);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

function volumeText(name: string, on: string): string {
  return `${name} {\nid = "${name.padEnd(32, "A")}"\nstatus = ["VISIBLE"]\nsegment_count = 1\nsegment1 {\nstart_extent = 0\nextent_count = 3\ntype = "striped"\nstripe_count = 1\nstripes = ["${on}", ${on === "pv0" ? 20 : 0}]\n}\n}\n`;
}
