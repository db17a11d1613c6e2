import { rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { run } from "./disk.ts";
import { cachedImage, type ImageFacts } from "./folder.ts";
import { smallFiles } from "./small.ts";

const RECIPE = 2;
const GIBIBYTE = 2 ** 30;
/** What a filesystem takes beside its files, and more. */
const SPARE_BYTES = GIBIBYTE;

/** Files of 1 to 4 KB, a thousand a folder. */
export function manyFiles(count: number): ImageFacts {
  return smallFiles("ext4", count, `growth-${count}`);
}

/** mke2fs.conf(5): one file whose blocks are allocated as written ones, and not written. */
const configuration = (gibibytes: number) => `
[defaults]
  base_features = sparse_super,large_file,filetype,ext_attr,dir_index,extent,64bit,flex_bg,metadata_csum
  blocksize = 4096
  inode_size = 256
  inode_ratio = 65536
[fs_types]
  large = {
    make_hugefiles = true
    zero_hugefiles = false
    num_hugefiles = 1
    hugefiles_digits = 0
    hugefiles_dir = /
    hugefiles_name = big
    hugefiles_size = ${gibibytes}G
  }
`;

/** One file that is all data to the filesystem, and a hole in the image that holds it: what a file's size costs, without the disk. */
export function largeFile(gibibytes: number): ImageFacts {
  return cachedImage(`growth-${gibibytes}-gib`, RECIPE, (file) => {
    writeFileSync(file, "");
    truncateSync(file, gibibytes * GIBIBYTE + SPARE_BYTES);
    const conf = `${file}.conf`;
    writeFileSync(conf, configuration(gibibytes));
    run("env", [`MKE2FS_CONFIG=${conf}`, "mke2fs", "-q", "-F", "-T", "large", file]);
    rmSync(conf);
    if (statSync(file).blocks * 512 > SPARE_BYTES) throw new Error(`${file} was to be sparse`);
    return { partitionBytes: 0, type: "ext4", madeBy: "mke2fs", entries: 3 };
  });
}
