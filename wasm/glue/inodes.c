/* Inodes as they lie on disk, many at a time: TypeScript parses them. */
#include "glue.h"

#include <string.h>

/* What one call of `inodes` reads at most, however many are asked for. */
#define MAX_REPLY_INODE_BYTES (1u << 20)
/* As many as the library itself would keep. */
#define CACHED_INODES 4

static struct problem inode_problem(uint32_t code, uint32_t number, uint64_t expected, uint64_t found)
{
	return (struct problem){ .code = code, .inode = number, .place = NOWHERE, .expected = expected, .found = found };
}

/* The first block of the inode table of a group, or 0 with a problem where it cannot be. */
static uint64_t inode_table(uint32_t group, struct problem *problem)
{
	uint64_t block = ext2fs_inode_table_loc(filesystem, group);
	if (blocks_exist(block, filesystem->inode_blocks_per_group))
		return block;
	*problem = inode_problem(PROBLEM_INODE_TABLE, 0, ext2fs_blocks_count(filesystem->super), block);
	return 0;
}

uint64_t inode_place(uint32_t number)
{
	struct ext2_super_block *super = filesystem->super;
	if (number == 0 || number > super->s_inodes_count)
		return NOWHERE;
	struct problem problem;
	uint64_t table = inode_table((number - 1) / super->s_inodes_per_group, &problem);
	return table == 0 ? NOWHERE : block_place(table) + (uint64_t)((number - 1) % super->s_inodes_per_group) * EXT2_INODE_SIZE(super);
}

EXPORT(inode_place) double inode_place_for_host(uint32_t number)
{
	uint64_t place = inode_place(number);
	return place == NOWHERE ? -1 : (double)place;
}

/*
 * Room in the library's cache for an inode that the host has already got from `inodes`, so that the next call about it does
 * not read and verify it again.
 */
EXPORT(inode_room) void *inode_room(uint32_t number)
{
	if (filesystem->icache == NULL && ext2fs_create_inode_cache(filesystem, CACHED_INODES) != 0)
		__builtin_trap();
	struct ext2_inode_cache *cache = filesystem->icache;
	for (unsigned slot = 0; slot < cache->cache_size; slot++)
		if (cache->cache[slot].ino == number)
			return cache->cache[slot].inode;
	cache->cache_last = (cache->cache_last + 1) % (int)cache->cache_size;
	cache->cache[cache->cache_last].ino = number;
	return cache->cache[cache->cache_last].inode;
}

struct ext2_inode_large *read_inode(uint32_t number, struct problem *problem)
{
	static struct ext2_inode_large *buffer;
	uint32_t bytes = EXT2_INODE_SIZE(filesystem->super);
	if (bytes < sizeof(*buffer))
		bytes = sizeof(*buffer);
	if (buffer == NULL && (buffer = calloc(1, bytes)) == NULL)
		__builtin_trap();
	errcode_t code = ext2fs_read_inode_full(filesystem, number, EXT2_INODE(buffer), (int)bytes);
	if (code == 0)
		return buffer;
	*problem = inode_problem((uint32_t)code, number, 0, 0);
	problem->place = inode_place(number);
	if (code == EXT2_ET_INODE_CSUM_INVALID)
		problem->code = PROBLEM_INODE_CHECKSUM;
	else if (code == EXT2_ET_SHORT_READ)
		problem->code = PROBLEM_READ;
	return NULL;
}

/* How many inodes at the head of a group's table have ever been used, by a descriptor that keeps count. */
static uint32_t used_inodes(uint32_t group)
{
	struct ext2_super_block *super = filesystem->super;
	if (!ext2fs_has_group_desc_csum(filesystem))
		return super->s_inodes_per_group;
	if (ext2fs_bg_flags_test(filesystem, group, EXT2_BG_INODE_UNINIT))
		return 0;
	uint32_t unused = ext2fs_bg_itable_unused(filesystem, group);
	return unused > super->s_inodes_per_group ? super->s_inodes_per_group : super->s_inodes_per_group - unused;
}

/* The first inode from `number` on that may be in use, or 0. */
EXPORT(next_used_inode) uint32_t next_used_inode(uint32_t number)
{
	struct ext2_super_block *super = filesystem->super;
	if (number == 0)
		number = 1;
	while (number <= super->s_inodes_count) {
		uint32_t group = (number - 1) / super->s_inodes_per_group;
		if ((number - 1) % super->s_inodes_per_group < used_inodes(group))
			return number;
		if (group + 1 >= filesystem->group_desc_count)
			return 0;
		number = (group + 1) * super->s_inodes_per_group + 1;
	}
	return 0;
}

/*
 * Raw inodes from `first` on, at most `count` and at most to the end of the group. The reply: for each a code (0, or that of
 * its problem), 4 bytes, then all of them as they are on disk; `next` is the first one left out.
 */
EXPORT(inodes) uint32_t inodes(uint32_t first, uint32_t count)
{
	reply_begin();
	struct ext2_super_block *super = filesystem->super;
	if (first == 0 || first > super->s_inodes_count)
		return reply_fail(inode_problem(PROBLEM_INODE_NUMBER, first, super->s_inodes_count, first));

	struct problem problem;
	uint64_t table = inode_table((first - 1) / super->s_inodes_per_group, &problem);
	if (table == 0) {
		problem.inode = first;
		return reply_fail(problem);
	}

	uint32_t inode_bytes = EXT2_INODE_SIZE(super), block_bytes = filesystem->blocksize;
	uint32_t index = (first - 1) % super->s_inodes_per_group;
	if (count > super->s_inodes_per_group - index)
		count = super->s_inodes_per_group - index;
	if (count > MAX_REPLY_INODE_BYTES / inode_bytes)
		count = MAX_REPLY_INODE_BYTES / inode_bytes;

	uint32_t *codes = reply_add(count * 4);
	uint32_t codes_at = (uint32_t)((uint8_t *)codes - reply.data);
	uint8_t *raw = reply_add(count * inode_bytes);
	codes = (uint32_t *)(reply.data + codes_at);

	/* Block by block only where the whole cannot be had, so that a bad sector costs the inodes in it. */
	static uint8_t *blocks;
	static uint32_t blocks_bytes;
	uint32_t per_block = block_bytes / inode_bytes, first_block = index / per_block;
	uint32_t block_count = (index + count - 1) / per_block - first_block + 1;
	if (block_count * block_bytes > blocks_bytes) {
		free(blocks);
		blocks_bytes = block_count * block_bytes;
		if ((blocks = malloc(blocks_bytes)) == NULL)
			__builtin_trap();
	}
	bool whole = read_blocks(table + first_block, block_count, blocks);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t block = (index + i) / per_block - first_block, in_block = (index + i) % per_block * inode_bytes;
		uint8_t *at = blocks + (size_t)block * block_bytes;
		if (!whole && (i == 0 || in_block == 0))
			codes[i] = read_blocks(table + first_block + block, 1, at) ? 0 : PROBLEM_READ;
		else if (!whole)
			codes[i] = codes[i - 1] == PROBLEM_READ ? PROBLEM_READ : 0;
		if (codes[i] != 0)
			continue;
		memcpy(raw + (size_t)i * inode_bytes, at + in_block, inode_bytes);
		if (!ext2fs_inode_csum_verify(filesystem, first + i, (struct ext2_inode_large *)(at + in_block)))
			codes[i] = PROBLEM_INODE_CHECKSUM;
	}
	reply.next = first + count;
	return 0;
}
