/*
 * The device, as lib/ext2fs sees one: reads come from the host, and that is all there is. No function here or anywhere in
 * the module can write.
 */
#include "glue.h"

#include <string.h>

/* Fills `into` and gives 0, or remembers why it could not. An f64 holds every offset below 2^53 exactly. */
__attribute__((import_module("host"), import_name("read"))) uint32_t host_read(double offset_bytes, uint32_t length_bytes, void *into);

static errcode_t host_open(const char *name, int flags, io_channel *channel)
{
	(void)flags;
	io_channel opened = calloc(1, sizeof(*opened));
	if (opened == NULL)
		return EXT2_ET_NO_MEMORY;
	opened->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	opened->manager = &host_io_manager;
	opened->name = strdup(name);
	opened->block_size = 1024;
	opened->refcount = 1;
	*channel = opened;
	return 0;
}

static errcode_t host_close(io_channel channel)
{
	free(channel->name);
	free(channel);
	return 0;
}

static errcode_t host_set_blksize(io_channel channel, int block_bytes)
{
	channel->block_size = block_bytes;
	return 0;
}

/* lib/ext2fs's convention: a negative count is a number of bytes. */
static errcode_t host_read_blk64(io_channel channel, unsigned long long block, int count, void *into)
{
	uint64_t length = count < 0 ? -(int64_t)count : (uint64_t)count * (uint32_t)channel->block_size;
	double offset = (double)block * channel->block_size;
	if (length > UINT32_MAX || offset >= 9007199254740992.0)
		return EXT2_ET_SHORT_READ;
	return host_read(offset, (uint32_t)length, into) == 0 ? 0 : EXT2_ET_SHORT_READ;
}

static errcode_t host_read_blk(io_channel channel, unsigned long block, int count, void *into)
{
	return host_read_blk64(channel, block, count, into);
}

static errcode_t refuse_write_blk(io_channel channel, unsigned long block, int count, const void *from)
{
	(void)channel, (void)block, (void)count, (void)from;
	return EXT2_ET_RO_FILSYS;
}

static errcode_t refuse_write_blk64(io_channel channel, unsigned long long block, int count, const void *from)
{
	(void)channel, (void)block, (void)count, (void)from;
	return EXT2_ET_RO_FILSYS;
}

static errcode_t host_flush(io_channel channel)
{
	(void)channel;
	return 0;
}

struct struct_io_manager host_io_manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "host",
	.open = host_open,
	.close = host_close,
	.set_blksize = host_set_blksize,
	.read_blk = host_read_blk,
	.read_blk64 = host_read_blk64,
	.write_blk = refuse_write_blk,
	.write_blk64 = refuse_write_blk64,
	.flush = host_flush,
};

bool read_blocks(uint64_t block, uint32_t count, void *into)
{
	return io_channel_read_blk64(filesystem->io, block, (int)count, into) == 0;
}
