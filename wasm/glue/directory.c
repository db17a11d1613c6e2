/*
 * Directories (Documentation/filesystems/ext4/directory.rst), read block after block: the index of a hashed directory looks
 * like unused entries to a reader who goes that way, as the format intends.
 */
#include "glue.h"

#include <string.h>

/* Blocks that lie together are read together, up to this many bytes. */
#define READ_AHEAD_BYTES (64u << 10)

/* One entry in the reply of `directory`; what follows it, by kind, begins at the next multiple of 4. */
struct entry_record {
	uint32_t inode;
	uint8_t file_type;
	uint8_t name_bytes;
	uint8_t kind;	/* 0: name; 1: hash, minor hash (4 bytes each), name; 2: problem */
	uint8_t reserved;
};
_Static_assert(sizeof(struct entry_record) == 8, "directory.ts reads 8 bytes");
enum { ENTRY_NAME, ENTRY_HASH_AND_NAME, ENTRY_PROBLEM };

#define HEADER_BYTES 8
/* The shortest entry there can be: a name of one byte, padded. */
#define MIN_RECORD_BYTES 12

struct listing {
	uint32_t number;
	struct ext2_inode_large *inode;
	/* Names that are both encrypted and casefolded are followed by their hash: it cannot be computed without the key. */
	bool hash_on_disk;
	/* The logical block that the next run is expected to begin with. */
	uint64_t next;
	uint8_t *blocks;
};

static void add_problem(const struct listing *listing, struct problem problem)
{
	problem.inode = listing->number;
	struct entry_record *record = reply_add(sizeof(*record) + sizeof(problem));
	record->kind = ENTRY_PROBLEM;
	memcpy(record + 1, &problem, sizeof(problem));
}

static uint32_t padded(uint32_t bytes)
{
	return (bytes + 3) & ~3u;
}

static void add_entry(const struct listing *listing, const struct ext2_dir_entry *entry)
{
	uint32_t name_bytes = ext2fs_dirent_name_len(entry), hash_bytes = listing->hash_on_disk ? 8 : 0;
	struct entry_record *record = reply_add(sizeof(*record) + hash_bytes + padded(name_bytes));
	uint8_t *rest = (uint8_t *)(record + 1);
	record->inode = entry->inode;
	record->file_type = ext2fs_has_feature_filetype(filesystem->super) ? ext2fs_dirent_file_type(entry) : 0;
	record->name_bytes = (uint8_t)name_bytes;
	record->kind = hash_bytes ? ENTRY_HASH_AND_NAME : ENTRY_NAME;
	memcpy(rest, entry->name + padded(name_bytes), hash_bytes);
	memcpy(rest + hash_bytes, entry->name, name_bytes);
}

static bool is_dot_or_dot_dot(const struct ext2_dir_entry *entry)
{
	uint32_t name_bytes = ext2fs_dirent_name_len(entry);
	return (name_bytes == 1 || name_bytes == 2) && entry->name[0] == '.' && entry->name[name_bytes - 1] == '.';
}

/* Adds the entries of one block (or of one part of an inode's inline data) up to the first that breaks the chain. */
static void list_block(const struct listing *listing, const uint8_t *block, uint32_t bytes, uint64_t place)
{
	/* Names of encrypted directories are any bytes. */
	bool plain = !(listing->inode->i_flags & EXT4_ENCRYPT_FL);
	for (uint32_t at = 0; at < bytes;) {
		const struct ext2_dir_entry *entry = (const struct ext2_dir_entry *)(block + at);
		uint32_t left = bytes - at, record_bytes = entry->rec_len, name_bytes;
		if (left < HEADER_BYTES) {
			add_problem(listing, (struct problem){ PROBLEM_ENTRY_LENGTH, 0, place + at, left, 0 });
			return;
		}
		/* Blocks of 64 KiB need lengths that 16 bits do not hold: the two low bits, always 0, serve as high ones. */
		if (filesystem->blocksize >= 65536)
			record_bytes = record_bytes == 65535 || record_bytes == 0 ? filesystem->blocksize : (record_bytes & 65532) | ((record_bytes & 3) << 16);
		if (record_bytes < (left < MIN_RECORD_BYTES ? left : MIN_RECORD_BYTES) || record_bytes % 4 != 0 || record_bytes > left) {
			add_problem(listing, (struct problem){ PROBLEM_ENTRY_LENGTH, 0, place + at, left, record_bytes });
			return;
		}
		name_bytes = ext2fs_dirent_name_len(entry);
		uint32_t needed = HEADER_BYTES + (listing->hash_on_disk && entry->inode != 0 && !is_dot_or_dot_dot(entry) ? padded(name_bytes) + 8 : name_bytes);
		const uint8_t *bad;
		if (needed > record_bytes) {
			add_problem(listing, (struct problem){ PROBLEM_ENTRY_NAME_LENGTH, 0, place + at, record_bytes, name_bytes });
			return;
		}
		if (entry->inode == 0 || is_dot_or_dot_dot(entry))
			;
		else if (entry->inode > filesystem->super->s_inodes_count)
			add_problem(listing, (struct problem){ PROBLEM_ENTRY_INODE, 0, place + at, filesystem->super->s_inodes_count, entry->inode });
		else if (name_bytes == 0)
			add_problem(listing, (struct problem){ PROBLEM_ENTRY_NAME_LENGTH, 0, place + at, record_bytes, 0 });
		else if (plain && ((bad = memchr(entry->name, '/', name_bytes)) != NULL || (bad = memchr(entry->name, 0, name_bytes)) != NULL))
			add_problem(listing, (struct problem){ PROBLEM_ENTRY_NAME, 0, place + (uint32_t)(bad - block), 0, *bad });
		else
			add_entry(listing, entry);
		at += record_bytes;
	}
}

/* Reads and lists up to READ_AHEAD_BYTES of a run; gives how many blocks that were. */
static uint32_t list_blocks(struct listing *listing, uint64_t physical, uint64_t length)
{
	uint32_t block_bytes = filesystem->blocksize, count = READ_AHEAD_BYTES / block_bytes;
	if (count > length)
		count = (uint32_t)length;
	if (listing->blocks == NULL && (listing->blocks = malloc(READ_AHEAD_BYTES)) == NULL)
		__builtin_trap();
	bool whole = read_blocks(physical, count, listing->blocks);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t *block = listing->blocks + (size_t)i * block_bytes;
		uint64_t place = block_place(physical + i);
		if (!whole && !read_blocks(physical + i, 1, block))
			add_problem(listing, (struct problem){ PROBLEM_READ, 0, place, 0, 0 });
		else if (!ext2fs_dir_block_csum_verify(filesystem, listing->number, (struct ext2_dir_entry *)block))
			add_problem(listing, (struct problem){ PROBLEM_DIRECTORY_CHECKSUM, 0, place, 0, 0 });
		else
			list_block(listing, block, block_bytes, place);
	}
	return count;
}

static bool list_run(const struct run *run, void *state)
{
	struct listing *listing = state;
	uint64_t skip = run->logical < listing->next ? listing->next - run->logical : 0, end = run->logical + run->length;
	if (run->logical > listing->next)
		add_problem(listing, (struct problem){ PROBLEM_DIRECTORY_HOLE, 0, NOWHERE, 0, run->logical - listing->next });
	listing->next = run->logical + skip;
	if (run->kind == RUN_DAMAGED) {
		add_problem(listing, run->problem);
		listing->next = end;
	} else if (run->kind == RUN_UNWRITTEN) {
		add_problem(listing, (struct problem){ PROBLEM_DIRECTORY_HOLE, 0, block_place(run->physical), 0, run->length });
		listing->next = end;
	}
	while (listing->next < end && reply.bytes < REPLY_BYTES) {
		uint64_t done = listing->next - run->logical;
		listing->next += list_blocks(listing, run->physical + done, run->length - done);
	}
	return reply.bytes < REPLY_BYTES;
}

/* The inode's own room holds the parent's number, then entries; more of them are in the attribute "system.data". */
static uint32_t list_inline(struct listing *listing)
{
	uint8_t *tail;
	size_t tail_bytes;
	uint64_t place = inode_place(listing->number) + offsetof(struct ext2_inode, i_block);
	list_block(listing, (uint8_t *)listing->inode->i_block + EXT4_INLINE_DATA_DOTDOT_SIZE,
		   EXT4_MIN_INLINE_DATA_SIZE - EXT4_INLINE_DATA_DOTDOT_SIZE, place + EXT4_INLINE_DATA_DOTDOT_SIZE);
	errcode_t code = inline_tail(listing->number, &tail, &tail_bytes);
	if (code != 0)
		add_problem(listing, (struct problem){ (uint32_t)code, 0, NOWHERE, 0, 0 });
	else
		list_block(listing, tail, (uint32_t)tail_bytes, place);
	free(tail);
	reply.done = 1;
	return 0;
}

/* Entries from logical block `from` on, without "." and "..", and in between what is damaged. */
EXPORT(directory) uint32_t directory(uint32_t number, uint32_t from)
{
	reply_begin();
	struct problem problem;
	struct ext2_inode_large *inode = read_inode(number, &problem);
	if (inode == NULL)
		return reply_fail(problem);
	if (!LINUX_S_ISDIR(inode->i_mode))
		return reply_fail((struct problem){ PROBLEM_NOT_A_DIRECTORY, number, inode_place(number), LINUX_S_IFDIR, inode->i_mode });

	struct listing listing = { .number = number, .inode = inode, .next = from };
	listing.hash_on_disk = (inode->i_flags & EXT4_ENCRYPT_FL) && (inode->i_flags & EXT4_CASEFOLD_FL);
	if (inode->i_flags & EXT4_INLINE_DATA_FL)
		return list_inline(&listing);
	walk_mapping(number, inode, from, list_run, &listing);
	free(listing.blocks);
	uint64_t blocks = size_in_blocks(inode);
	if (reply.bytes < REPLY_BYTES && listing.next < blocks)
		add_problem(&listing, (struct problem){ PROBLEM_DIRECTORY_HOLE, 0, NOWHERE, 0, blocks - listing.next });
	reply.next = (uint32_t)listing.next;
	reply.done = reply.bytes < REPLY_BYTES || listing.next >= blocks;
	return 0;
}
