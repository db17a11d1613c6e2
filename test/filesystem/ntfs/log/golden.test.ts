import { describe, expect, test } from "vitest";
import { ntfs3Differences, ntfsrecoverDifferences } from "../../../oracle/ntfs-log/differences.ts";
import { logGolden, ownOutcome } from "../../../oracle/ntfs-log/outcomes.ts";
import { operationCases } from "../../../support/ntfs-log/cases.ts";
import { formCases } from "../../../support/ntfs-log/forms.ts";
import { LoggedVolume } from "../../../support/ntfs-log/volume.ts";

/** What other programs left of volumes with logs written by hand; `test/oracle/ntfs-log` runs them, and recorded it. */
const volume = new LoggedVolume();
const golden = logGolden();
const differences = { ntfsrecover: ntfsrecoverDifferences, ntfs3: ntfs3Differences };

describe.each(Object.keys(golden) as (keyof typeof golden)[])("logs written by hand, as %s replays them", (tool) => {
  const { recordedBy, command, outcomes } = golden[tool];
  test("were recorded by a program with a version", () => {
    expect(recordedBy).toMatch(/\d/);
    expect(command).toContain("IMAGE");
  });

  const cases = [...operationCases(volume), ...formCases(volume)].filter(({ name }) => differences[tool][name] === undefined);
  test.each(cases)("$name", (logCase) => {
    expect(ownOutcome(logCase)).toBe(outcomes[logCase.name]);
  });
});
