import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { buildDisk, PARTITION_BYTES, run } from "../bench/images/disk.ts";
import { cachedImage, type ImageFacts } from "../bench/images/folder.ts";
import { spiceNtfs } from "../bench/images/spice.ts";
import { copyTree, countEntries, fullTree, quickTree } from "../bench/images/tree.ts";
import { repositoryFolder } from "../support/repository.ts";

const RECIPE = 1;
/** No extended attribute of Linux could be so long. */
export const BIG_STREAM_BYTES = 10 * 1024 * 1024;
/** Path below the top, and stream: of a file and of a directory. */
export const bigStreams = [
  ["extra/with-a-big-stream", "big"],
  ["extra", "big"],
] as const;
const SCATTERED_RUNS = 4000;
/** As many as its record and the two that follow it have room for. */
const MFT_RUNS = 140;

/**
 * A tree of this machine on NTFS at sector 63, written by ntfs-3g, with what no such tree has: holes, compressed files,
 * thousands of runs, streams, hard links. $MFT is in an attribute list, so this is no image for benchmarks: 7-Zip opens none.
 */
export function ntfsTreeImage(quick: boolean): ImageFacts {
  const { name, imageBytes, folders } = quick ? quickTree : fullTree;
  return cachedImage(`oracle-${name}-ntfs`, RECIPE, (file) => {
    let entries = 0;
    buildDisk({ file, sizeBytes: imageBytes, type: "ntfs", label: "tree", mountOptions: "compression" }, (disk) => {
      disk.mounted((top) => {
        copyTree(folders, top, ["--no-same-owner", "--no-same-permissions"]);
        spiceNtfs(`${top}/spice`);
        addExtras(top);
        entries = countEntries(top);
      });
      disk.mounted(addBigStreams, "streams_interface=windows");
      run(process.execPath, [join(repositoryFolder, "fixtures/ntfs-split-mft.mjs"), disk.device, String(MFT_RUNS)]);
    });
    return { partitionBytes: PARTITION_BYTES, type: "ntfs", madeBy: "ntfs-3g", entries };
  });
}

function addExtras(top: string): void {
  const script = String.raw`
set -e; cd "$1"; mkdir extra extra/compressed extra/streams
setfattr -n system.ntfs_attrib_be -v 0x00000800 extra/compressed
cp /usr/bin/env /etc/services extra/compressed/
seq 1 400000 > extra/compressed/numbers
head -c 3000000 /dev/urandom > extra/compressed/random
truncate -s 1G extra/sparse; printf end | dd of=extra/sparse bs=1 seek=1073741821 conv=notrunc status=none
: > extra/with-a-big-stream
i=0; while [ $i -lt 40 ]; do echo $i > "extra/streams/file $i"; for n in "бв" "語"; do setfattr -n "user.$n $i" -v "stream $n of $i $(seq 1 $((i * 5)) | tr '\n' ' ')" "extra/streams/file $i"; done; i=$((i + 1)); done
setfattr -n user.of-a-directory -v "$(seq 1 3000)" extra/streams
mkdir extra/names; n=$(printf 'n%.0s' $(seq 1 250)); for e in é 語 Ω "  " "'" '"' "🙂"; do echo "$e" > "extra/names/$n$e"; echo "$e" > "extra/names/$e"; done
for e in Ελληνικά Кириллица עברית العربية 日本語 한국어 ไทย हिन्दी; do mkdir "extra/names/$e"; echo "$e" > "extra/names/$e/$e"; done
echo linked > extra/one; for i in $(seq 1 50); do ln extra/one "extra/another name of one, number $i"; done
ln -s ../extra/one extra/link; mkfifo extra/fifo; mknod extra/null c 1 3; mknod extra/sda1 b 8 1
`;
  run("bash", ["-c", script, "bash", top]);
  // Every other cluster of each is a hole, so that the runs of both alternate.
  const files = ["scattered", "beside"].map((name) => openSync(`${top}/extra/${name}`, "w"));
  for (const file of files) ftruncateSync(file, SCATTERED_RUNS * 8192);
  for (let i = 0; i < SCATTERED_RUNS; i++) for (const file of files) writeSync(file, Buffer.alloc(4096, i), 0, 4096, i * 8192);
  for (const file of files) closeSync(file);
}

function addBigStreams(top: string): void {
  for (const [i, [path, stream]] of bigStreams.entries()) {
    const bytes = Buffer.alloc(BIG_STREAM_BYTES);
    for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(at + i, at);
    writeFileSync(`${top}/${path}:${stream}`, bytes);
  }
}
