/*
 * Content that lies in the inode: 60 bytes where the mapping would be, the rest in the attribute "system.data". Where both are
 * shorter than the file's size, the kernel shows zeros after them, and mke2fs -d makes such files; so the reply may be short.
 */
#include "glue.h"

#include <string.h>

EXPORT(inline_data) uint32_t inline_data(uint32_t number)
{
	reply_begin();
	struct problem problem;
	struct ext2_inode_large *inode = read_inode(number, &problem);
	if (inode == NULL)
		return reply_fail(problem);

	/* Both parts hold all they have room for: only the size says where the content ends. */
	uint64_t size = EXT2_I_SIZE(inode);
	uint8_t *tail;
	size_t tail_bytes;
	errcode_t code = inline_tail(number, &tail, &tail_bytes);
	if (code != 0)
		return reply_fail((struct problem){ code == EXT2_ET_SHORT_READ ? PROBLEM_READ : (uint32_t)code, number, inode_place(number), 0, 0 });
	if (size > EXT4_MIN_INLINE_DATA_SIZE + tail_bytes)
		size = EXT4_MIN_INLINE_DATA_SIZE + tail_bytes;
	uint32_t head_bytes = size < EXT4_MIN_INLINE_DATA_SIZE ? (uint32_t)size : EXT4_MIN_INLINE_DATA_SIZE;
	memcpy(reply_add(head_bytes), inode->i_block, head_bytes);
	memcpy(reply_add((uint32_t)size - head_bytes), tail, (uint32_t)size - head_bytes);
	free(tail);
	reply.done = 1;
	return 0;
}
