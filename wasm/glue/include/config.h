/* What e2fsprogs' configure would find on wasm32-wasi. Read by every file of lib/ext2fs. */
#ifndef NOMOUNT_CONFIG_H
#define NOMOUNT_CONFIG_H

#define HAVE_ERRNO_H 1
#define HAVE_FCNTL_H 1
#define HAVE_INTPTR_T 1
#define HAVE_INTTYPES_H 1
#define HAVE_STDINT_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_UNISTD_H 1
#define SIZEOF_SHORT 2
#define SIZEOF_INT 4
#define SIZEOF_LONG 4
#define SIZEOF_LONG_LONG 8
#define SIZEOF_OFF_T 8
#define SIZEOF_TIME_T 8

/* Without it a filesystem with multi-mount protection counts as one with an unknown feature. */
#define CONFIG_MMP 1

#endif
