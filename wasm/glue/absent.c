/*
 * Names that the linked files of lib/ext2fs mention and a reader never reaches: what writes, what only a writer allocates,
 * and what a reader must not do. Each fails as read-only or does nothing. (crc.c and ea-inode.c replace what is needed.)
 */
#include "glue.h"

#include "hashmap.h"

/* The library allocates blocks when it changes extended attributes and extents, ... */
errcode_t ext2fs_alloc_block2(ext2_filsys fs, blk64_t goal, char *buffer, blk64_t *block)
{
	(void)fs, (void)goal, (void)buffer, (void)block;
	return EXT2_ET_RO_FILSYS;
}

void ext2fs_block_alloc_stats2(ext2_filsys fs, blk64_t block, int in_use)
{
	(void)fs, (void)block, (void)in_use;
}

blk64_t ext2fs_find_inode_goal(ext2_filsys fs, ext2_ino_t number, struct ext2_inode *inode, blk64_t block)
{
	(void)fs, (void)number, (void)inode, (void)block;
	return 0;
}

/* ... zeroes inode tables when it writes inodes, ... */
errcode_t ext2fs_zero_blocks2(ext2_filsys fs, blk64_t block, int count, blk64_t *failed_block, int *failed_count)
{
	(void)fs, (void)block, (void)count, (void)failed_block, (void)failed_count;
	return EXT2_ET_RO_FILSYS;
}

/* ... takes part in multi-mount protection when it opens for writing, ... */
errcode_t ext2fs_mmp_start(ext2_filsys fs)
{
	(void)fs;
	return EXT2_ET_RO_FILSYS;
}

errcode_t ext2fs_mmp_stop(ext2_filsys fs)
{
	(void)fs;
	return EXT2_ET_RO_FILSYS;
}

/* ... keeps bitmaps and a map of shared blocks, which are never loaded here, ... */
void ext2fs_free_block_bitmap(ext2fs_block_bitmap bitmap)
{
	(void)bitmap;
}

void ext2fs_free_inode_bitmap(ext2fs_inode_bitmap bitmap)
{
	(void)bitmap;
}

struct ext2fs_hashmap *ext2fs_hashmap_create(uint32_t (*hash)(const void *, size_t), void (*release)(void *), size_t size)
{
	(void)hash, (void)release, (void)size;
	return NULL;
}

void ext2fs_hashmap_free(struct ext2fs_hashmap *map)
{
	(void)map;
}

uint32_t ext2fs_djb2_hash(const void *text, size_t size)
{
	(void)text, (void)size;
	return 0;
}

/* ... and compares names of casefolded directories, which TypeScript does. */
const struct ext2fs_nls_table *ext2fs_load_nls_table(int encoding)
{
	(void)encoding;
	return NULL;
}

/* The library prints when it meets itself in a state it does not expect; its caller learns of that by the code. */
void com_err(const char *who, errcode_t code, const char *format, ...)
{
	(void)who, (void)code, (void)format;
}

/* There is no environment: the libc's own would make the module ask the host for one. */
char *getenv(const char *name)
{
	(void)name;
	return NULL;
}
