/* Opening, and the words for what can go wrong. */
#include "glue.h"
#include "ext2_err_text.h"

ext2_filsys filesystem;

bool blocks_exist(uint64_t block, uint64_t count)
{
	uint64_t end = ext2fs_blocks_count(filesystem->super);
	return block > filesystem->super->s_first_data_block && block < end && count <= end - block;
}

/*
 * Reads superblock and group descriptors; no bitmaps, so that a filesystem of any size opens in milliseconds. Of the flags
 * that would make the library more lenient none is set: with EXT2_FLAG_IGNORE_SB_ERRORS it runs into traps.
 */
EXPORT(open) uint32_t open_filesystem(void)
{
	reply_begin();
	errcode_t code = ext2fs_open2("", NULL, EXT2_FLAG_64BITS | EXT2_FLAG_SKIP_MMP, 0, 0, &host_io_manager, &filesystem);
	if (code != 0)
		return reply_fail((struct problem){ .code = (uint32_t)code, .place = SUPERBLOCK_OFFSET });
	/* The kernel reads extended attributes wherever there are some; the library only where this says so. */
	ext2fs_set_feature_xattr(filesystem->super);
	return 0;
}

/* What lib/ext2fs says of one of its codes, or an empty string. */
EXPORT(error_text) const char *error_text(uint32_t code)
{
	uint32_t index = code - (uint32_t)EXT2_ET_BASE;
	return index < sizeof(ext2_error_texts) / sizeof(*ext2_error_texts) ? ext2_error_texts[index] : "";
}
