/* The names that lib/ext2fs uses for integers of known width, on any C99 compiler. */
#ifndef NOMOUNT_EXT2_TYPES_H
#define NOMOUNT_EXT2_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* Annotations for the kernel's checker, which no compiler needs. */
#define __bitwise
#define __force

typedef uint8_t __u8;
typedef int8_t __s8;
typedef uint16_t __u16;
typedef int16_t __s16;
typedef uint32_t __u32;
typedef int32_t __s32;
typedef uint64_t __u64;
typedef int64_t __s64;
typedef __u16 __le16;
typedef __u32 __le32;
typedef __u64 __le64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;

#endif
