import { describe, expect, test } from "vitest";
import { contentOf, lvm2Golden, openLvm2, partitions, volumeNamed } from "../../support/lvm2.ts";

/** The physical volume that takes the place of the second, and is being filled. */
const REBUILT = 4;

describe("legs that were being rebuilt when the disk was copied", () => {
  const disks = partitions("lvm2-raid-rebuilding");
  const contents = lvm2Golden("lvm2-raid-rebuilding").groups[0]?.contents ?? {};
  const degraded = (name: string, present = disks) =>
    volumeNamed(openLvm2(present).tables, `raid/${name}`)
      .details?.()
      .find((detail) => detail.name === "degraded")?.value;

  test.each(["mirrored", "parity", "ten", "old"])("%s is read around what is not rebuilt yet", (name) => {
    expect(contentOf(volumeNamed(openLvm2(disks).tables, `raid/${name}`).source)).toEqual(contents[name]);
  });

  test("a leg whose superblock was copied before the end of a rebuild, and the others after it, is not trusted", () => {
    expect(degraded("parity")).toMatch(/parity_rimage_0 is stale/);
  });

  test.each(["ten"])("%s says up to where the leg is good", (name) => {
    expect(degraded(name)).toMatch(/rimage_1 is being rebuilt: it is good up to byte \d+/);
  });

  test.each(["mirrored", "ten"])("%s is the same without that leg", (name) => {
    const present = disks.filter((_, i) => i !== REBUILT);
    expect(contentOf(volumeNamed(openLvm2(present).tables, `raid/${name}`).source)).toEqual(contents[name]);
  });

  test.each(["ten"])("%s without a leg that is whole: what was rebuilt is read, the rest refused", (name) => {
    const { source } = volumeNamed(openLvm2(disks.slice(1)).tables, `raid/${name}`);
    const good = Number(/good up to byte (\d+)/.exec(degraded(name) ?? "")?.[1]);
    const whole = volumeNamed(openLvm2(disks).tables, `raid/${name}`).source;
    let refused = 0;
    for (let at = 0; at < source.sizeBytes; at += 4096) {
      const [bytes, expected] = [new Uint8Array(4096), new Uint8Array(4096)];
      whole.readSync(expected, at);
      try {
        source.readSync(bytes, at);
      } catch (error) {
        refused += 1;
        expect(String(error)).toContain("is being rebuilt");
        expect(at).toBeGreaterThanOrEqual(good);
        continue;
      }
      expect(Buffer.compare(bytes, expected)).toBe(0);
    }
    expect(refused).toBeGreaterThan(0);
  });
});
