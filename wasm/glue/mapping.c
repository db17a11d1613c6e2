/* Where a file's blocks lie. The walks of the two kinds of mapping are in extents.c and indirect.c. */
#include "glue.h"

#include <string.h>

/* Logical block numbers have 32 bits on disk. */
#define LOGICAL_END (UINT64_C(1) << 32)

uint64_t size_in_blocks(const struct ext2_inode_large *inode)
{
	uint64_t bytes = EXT2_I_SIZE(inode);
	if (LINUX_S_ISDIR(inode->i_mode) && !ext2fs_has_feature_largedir(filesystem->super))
		bytes = inode->i_size;
	uint64_t blocks = bytes / filesystem->blocksize + (bytes % filesystem->blocksize != 0);
	return blocks < LOGICAL_END ? blocks : LOGICAL_END;
}

void walk_mapping(uint32_t number, struct ext2_inode_large *inode, uint64_t from, run_visitor *visit, void *state)
{
	uint64_t to = size_in_blocks(inode);
	if (from >= to)
		return;
	if (inode->i_flags & EXT4_EXTENTS_FL)
		walk_extents(number, inode, from, to, visit, state);
	else
		walk_indirect(number, inode, from, to, visit, state);
}

/* One run in the reply of `extents`; a damaged one is followed by its problem. */
struct run_record {
	uint32_t logical;
	uint32_t length;	/* 0 stands for 2^32 */
	uint32_t physical_low;
	uint16_t physical_high;
	uint16_t kind;
};
_Static_assert(sizeof(struct run_record) == 16, "mapping.ts reads 16 bytes");

static bool add_run(const struct run *run, void *state)
{
	(void)state;
	struct run_record *record = reply_add(sizeof(*record));
	*record = (struct run_record){
		.logical = (uint32_t)run->logical,
		.length = (uint32_t)run->length,
		.physical_low = (uint32_t)run->physical,
		.physical_high = (uint16_t)(run->physical >> 32),
		.kind = (uint16_t)run->kind,
	};
	if (run->kind == RUN_DAMAGED)
		memcpy(reply_add(sizeof(run->problem)), &run->problem, sizeof(run->problem));
	reply.next = (uint32_t)(run->logical + run->length);
	reply.done = run->logical + run->length >= LOGICAL_END;
	return !reply.done && reply.bytes < REPLY_BYTES;
}

/* The runs of a file that reach past logical block `from`, the first perhaps beginning before it. */
EXPORT(extents) uint32_t extents(uint32_t number, uint32_t from)
{
	reply_begin();
	struct problem problem;
	struct ext2_inode_large *inode = read_inode(number, &problem);
	if (inode == NULL)
		return reply_fail(problem);
	walk_mapping(number, inode, from, add_run, NULL);
	if (reply.bytes < REPLY_BYTES)
		reply.done = 1;
	return 0;
}
