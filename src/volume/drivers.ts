import { gptDriver } from "./gpt/gpt.ts";
import { lvm2Driver } from "./lvm2/lvm2.ts";
import { mbrDriver } from "./mbr/mbr.ts";
import { mdDriver } from "./md/md.ts";
import type { VolumeDriver } from "./volume.ts";

/** Every way of dividing a source that is read, in the order in which they are tried: a GPT also has an MBR, as its guard;
 * the first disk of a mirror may begin with the label of the physical volume that the mirror is. */
export const volumeDrivers: readonly VolumeDriver[] = [gptDriver, mbrDriver, mdDriver, lvm2Driver];
