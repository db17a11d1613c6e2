/* In place of e2fsprogs' header of this name, which is GPL: the two declarations that csum.c needs. */
#ifndef NOMOUNT_CRC16_H
#define NOMOUNT_CRC16_H

#include <ext2fs/ext2_types.h>

typedef __u16 crc16_t;

crc16_t ext2fs_crc16(crc16_t crc, const void *buffer, unsigned int length);

#endif
