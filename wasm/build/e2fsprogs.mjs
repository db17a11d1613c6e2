// What of e2fsprogs goes into the module: one pinned release, and the few files of it that reading needs.

export const release = {
  version: "1.47.0",
  fileName: "e2fsprogs-1.47.0.tar.gz",
  /** Debian calls the very same file so. */
  debianFileName: "e2fsprogs_1.47.0.orig.tar.gz",
  debianPackage: "e2fsprogs",
  /** Its versions in Debian and its kin: upstream's, a dash, their own. */
  debianVersion: /^1\.47\.0-/,
  sha256: "6667afde56eef0c6af26684974400e4d2288ea49e9441bf5e6229195d51a3578",
  sizeBytes: 9_637_717,
  urls: ["https://downloads.sourceforge.net/project/e2fsprogs/e2fsprogs/v1.47.0/e2fsprogs-1.47.0.tar.gz"],
};

const folder = "lib/ext2fs";

/** Compiled. What they mention and a reader never reaches is in ../glue/absent.c. */
export const sources = [
  "blknum.c",
  "closefs.c",
  "csum.c",
  "dirblock.c",
  "ext_attr.c",
  "freefs.c",
  "i_block.c",
  "inline.c",
  "inode.c",
  "io_manager.c",
  "openfs.c",
].map((name) => `${folder}/${name}`);

/** Included. ../glue/include stands in for the generated ones and for crc16.h, which is GPL. */
export const headers = [
  "bitops.h",
  "e2image.h",
  "ext2_ext_attr.h",
  "ext2_fs.h",
  "ext2_io.h",
  "ext2fs.h",
  "ext2fsP.h",
  "ext3_extents.h",
  "ext4_acl.h",
  "hashmap.h",
].map((name) => `${folder}/${name}`);

/** From which the error codes and their texts are made, as upstream's compile_et does. */
export const errorTable = `${folder}/ext2_err.et.in`;

/** Says that lib/ext2fs as a whole is under the Library GPL; goes with the source into the package. */
export const notice = "NOTICE";

export const wanted = [...sources, ...headers, errorTable, notice];

/**
 * Files that speak of a GPL without the word "Library", and why each may be linked all the same. NOTICE: "made available
 * under the GNU Public License version 2, with the exception of the lib/ext2fs and lib/e2p libraries, which are made
 * available under the GNU Library General Public License Version 2". Debian's copyright file reads these headers so, too.
 */
export const licenceExceptions = new Map([
  [notice, "quotes both licences in full; not compiled"],
  [`${folder}/blknum.c`, 'header says "GNU Public License", which NOTICE settles for lib/ext2fs'],
  [errorTable, 'header says "GNU Public License", which NOTICE settles for lib/ext2fs'],
]);
