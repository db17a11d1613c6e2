/*
 * The two checksums of ext4, under the names by which csum.c calls them; e2fsprogs' own files of them are GPL.
 *
 * Both are reflected CRCs that take the running value and give the next, without inverting it at either end:
 * CRC-16/ARC, polynomial 0x8005 (0xA001 reflected), for group descriptors of uninit_bg;
 * CRC-32C, polynomial 0x1EDC6F41 (0x82F63B78 reflected; RFC 3720, appendix B.4), for metadata_csum.
 */
#include "glue.h"
#include "crc16.h"

#include <string.h>

#define CRC16_POLYNOMIAL 0xA001u
#define CRC32C_POLYNOMIAL 0x82F63B78u
/* Bytes that one round of the main loop takes: each has a table of its own, so that no lookup waits for another. */
#define SLICES 8

static uint32_t crc32c_tables[SLICES][256];

static void make_crc32c_tables(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ ((crc & 1) ? CRC32C_POLYNOMIAL : 0);
		crc32c_tables[0][byte] = crc;
	}
	for (uint32_t byte = 0; byte < 256; byte++)
		for (int slice = 1; slice < SLICES; slice++) {
			uint32_t shorter = crc32c_tables[slice - 1][byte];
			crc32c_tables[slice][byte] = (shorter >> 8) ^ crc32c_tables[0][shorter & 0xff];
		}
}

__u32 ext2fs_crc32c_le(__u32 crc, unsigned char const *bytes, size_t length)
{
	if (crc32c_tables[0][1] == 0)
		make_crc32c_tables();
	for (; length >= SLICES; bytes += SLICES, length -= SLICES) {
		uint32_t low, high;
		memcpy(&low, bytes, 4);
		memcpy(&high, bytes + 4, 4);
		low ^= crc;
		crc = crc32c_tables[7][low & 0xff] ^ crc32c_tables[6][(low >> 8) & 0xff] ^
		      crc32c_tables[5][(low >> 16) & 0xff] ^ crc32c_tables[4][low >> 24] ^
		      crc32c_tables[3][high & 0xff] ^ crc32c_tables[2][(high >> 8) & 0xff] ^
		      crc32c_tables[1][(high >> 16) & 0xff] ^ crc32c_tables[0][high >> 24];
	}
	for (; length > 0; bytes++, length--)
		crc = (crc >> 8) ^ crc32c_tables[0][(crc ^ *bytes) & 0xff];
	return crc;
}

crc16_t ext2fs_crc16(crc16_t crc, const void *buffer, unsigned int length)
{
	for (const uint8_t *byte = buffer; length > 0; byte++, length--) {
		crc ^= *byte;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc16_t)((crc >> 1) ^ ((crc & 1) ? CRC16_POLYNOMIAL : 0));
	}
	return crc;
}
