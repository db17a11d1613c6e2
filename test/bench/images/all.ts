import { bigFiles, fullBig, quickBig } from "./big.ts";
import type { ImageFacts } from "./folder.ts";
import { smallFiles } from "./small.ts";
import { fullTree, quickTree, treeExt4, treeNtfs } from "./tree.ts";

export type ImageName = "tree" | "small" | "big";

/** The image of that content and filesystem, built if it is not there yet; `quick` ones are made in seconds. */
export function image(name: ImageName, type: "ext4" | "ntfs", quick: boolean): ImageFacts {
  switch (name) {
    case "tree":
      return (type === "ext4" ? treeExt4 : treeNtfs)(quick ? quickTree : fullTree);
    case "small":
      return smallFiles(type, quick ? 2000 : 200_000, quick ? "quick-small" : "small");
    case "big":
      return bigFiles(type, quick ? quickBig : fullBig);
  }
}
