import type { Entry, Facet, Keeps, SinkEvents } from "./sink.ts";

/** Flags that a person or a program gave to a file; the others are how its filesystem stores it. */
const GIVEN_FLAGS = new Set(["immutable", "append", "nodump", "noatime", "sync", "dirsync", "hidden", "system", "readonly"]);

/** Says what a sink, as a rule, loses of an entry that has it. */
export function sayRuleLosses({ path, node }: Entry, keeps: Keeps, events: SinkEvents): void {
  const say = (facet: Facet): void => {
    const kept = keeps[facet];
    if (kept !== true) events.lost(path, facet, kept);
  };
  if (node.createdNs !== undefined) say("created");
  if (node.flags.length > 0 && node.flags.some((flag) => GIVEN_FLAGS.has(flag))) say("flags");
}
