import { gptDriver } from "./gpt/gpt.ts";
import { lvm2Driver } from "./lvm2/lvm2.ts";
import { mbrDriver } from "./mbr/mbr.ts";
import type { VolumeDriver } from "./volume.ts";

/** Every way of dividing a source that is read, in the order in which they are tried: a GPT also has an MBR, as its guard. */
export const volumeDrivers: readonly VolumeDriver[] = [gptDriver, mbrDriver, lvm2Driver];
