/*
 * Reading a whole inode that holds the value of an extended attribute (feature ea_inode), under the names by which
 * ext_attr.c asks for it. lib/ext2fs's own fileio.c would bring all that writes along.
 */
#include "glue.h"

#include <string.h>

struct ext2_file {
	struct ext2_inode_large inode;
	uint32_t number;
};

errcode_t ext2fs_file_open(ext2_filsys fs, ext2_ino_t number, int flags, ext2_file_t *opened)
{
	(void)flags;
	ext2_file_t file = calloc(1, sizeof(*file));
	if (file == NULL)
		return EXT2_ET_NO_MEMORY;
	file->number = number;
	errcode_t code = ext2fs_read_inode_full(fs, number, EXT2_INODE(&file->inode), sizeof(file->inode));
	if (code != 0)
		free(file);
	else
		*opened = file;
	return code;
}

struct ext2_inode *ext2fs_file_get_inode(ext2_file_t file)
{
	return EXT2_INODE(&file->inode);
}

ext2_off_t ext2fs_file_get_size(ext2_file_t file)
{
	uint64_t size = EXT2_I_SIZE(&file->inode);
	return size > INT32_MAX ? -1 : (ext2_off_t)size;
}

struct value {
	uint8_t *into;
	uint64_t wanted;
	uint64_t got;
	uint8_t *block;
	errcode_t code;
};

static bool read_run(const struct run *run, void *state)
{
	struct value *value = state;
	uint32_t block_bytes = filesystem->blocksize;
	for (uint64_t i = 0; i < run->length && value->got < value->wanted; i++) {
		uint64_t left = value->wanted - value->got;
		/* The kernel writes values without holes, and reads none with holes. */
		if (run->kind != RUN_WRITTEN || (run->logical + i) * block_bytes != value->got)
			value->code = EXT2_ET_EA_INODE_CORRUPTED;
		else if (!read_blocks(run->physical + i, 1, value->block))
			value->code = EXT2_ET_SHORT_READ;
		if (value->code != 0)
			return false;
		memcpy(value->into + value->got, value->block, left < block_bytes ? left : block_bytes);
		value->got += left < block_bytes ? left : block_bytes;
	}
	return value->got < value->wanted;
}

errcode_t ext2fs_file_read(ext2_file_t file, void *into, unsigned int wanted, unsigned int *got)
{
	struct value value = { .into = into, .wanted = wanted, .block = malloc(filesystem->blocksize) };
	if (value.block == NULL)
		return EXT2_ET_NO_MEMORY;
	walk_mapping(file->number, &file->inode, 0, read_run, &value);
	free(value.block);
	if (got != NULL)
		*got = (unsigned int)value.got;
	if (value.code == 0 && value.got < value.wanted)
		return EXT2_ET_EA_INODE_CORRUPTED;
	return value.code;
}

errcode_t ext2fs_file_close(ext2_file_t file)
{
	free(file);
	return 0;
}
