import { expect, test } from "vitest";
import { SlotReader, SlotWriter } from "../../../src/sink/folder/slots.ts";
import type { Time } from "../../../src/sink/folder/time.ts";

test("what is put into slots comes out the same, times far beyond 64 bits of nanoseconds too", () => {
  const times = [
    0n,
    -1n,
    1n,
    -2_147_483_648_000_000_000n,
    2n ** 63n - 1n,
    2n ** 63n,
    -(2n ** 63n),
    15_032_385_535_999_999_999n,
  ];
  const writer = new SlotWriter();
  for (let round = 0; round < 1000; round++) {
    for (const time of times) writer.time(time);
    writer.time(undefined);
    writer.number(round);
    writer.number(undefined);
    writer.name(Buffer.from("prefix/"), `name ${round} \udcff`);
  }
  const reader = new SlotReader(writer.finish());
  for (let round = 0; round < 1000; round++) {
    for (const time of times) expect(nsOf(reader.time())).toBe(time);
    expect(reader.time()).toBeUndefined();
    expect(reader.number()).toBe(round);
    expect(reader.optionalNumber()).toBeUndefined();
    expect(reader.bytes().toString("latin1")).toBe(`prefix/name ${round} \xff`);
  }
});

function nsOf(time: Time | undefined): bigint | undefined {
  return time === undefined ? undefined : BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanoseconds);
}
