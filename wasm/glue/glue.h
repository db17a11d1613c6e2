/*
 * What the files of the glue share. An instance of the module holds one filesystem; TypeScript drops it after a trap and
 * makes a new one, so nothing here is kept for later but caches.
 */
#ifndef NOMOUNT_GLUE_H
#define NOMOUNT_GLUE_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "ext2_fs.h"
#include "ext2fs.h"
#include "ext2fsP.h"

/* Exports keep the names that src/filesystem/ext/ext2fs.ts calls. */
#define EXPORT(name) __attribute__((export_name(#name)))

/* Set by `open`. */
extern ext2_filsys filesystem;

/*
 * Codes of our own, beside those of lib/ext2fs, which begin at EXT2_ET_BASE. src/filesystem/ext/problem.ts has the words;
 * `expected` and `found` of a problem hold what the code says in brackets.
 */
enum problem_code {
	PROBLEM_NONE = 0,
	/* Directories */
	PROBLEM_NOT_A_DIRECTORY = 1,	/* [mode type, found] */
	PROBLEM_DIRECTORY_HOLE = 2,	/* [-, blocks] */
	PROBLEM_DIRECTORY_CHECKSUM = 3,
	PROBLEM_ENTRY_LENGTH = 4,	/* [bytes left in the block, rec_len] */
	PROBLEM_ENTRY_NAME_LENGTH = 5,	/* [rec_len, name_len] */
	PROBLEM_ENTRY_NAME = 6,		/* [-, offending byte] */
	PROBLEM_ENTRY_INODE = 7,	/* [inode count, inode] */
	/* Mappings */
	PROBLEM_EXTENT_MAGIC = 20,	/* [0xf30a, found] */
	PROBLEM_EXTENT_DEPTH = 21,	/* [depth by the parent, found] */
	PROBLEM_EXTENT_COUNT = 22,	/* [room, eh_max or eh_entries] */
	PROBLEM_EXTENT_CHECKSUM = 23,
	PROBLEM_EXTENT_ORDER = 24,	/* [lowest logical block, found] */
	PROBLEM_EXTENT_LENGTH = 25,	/* [-, ee_len] */
	PROBLEM_EXTENT_RANGE = 26,	/* [blocks in the filesystem, block] */
	PROBLEM_BLOCK_RANGE = 27,	/* [blocks in the filesystem, block] */
	PROBLEM_READ = 28,		/* the host knows why */
	/* Inodes */
	PROBLEM_INODE_NUMBER = 40,	/* [inode count, inode] */
	PROBLEM_INODE_TABLE = 41,	/* [blocks in the filesystem, block] */
	PROBLEM_INODE_CHECKSUM = 42,
	PROBLEM_ACL = 43,		/* [-, bytes] */
};

/* As it crosses to TypeScript: PROBLEM_BYTES bytes, little-endian. */
struct problem {
	uint32_t code;
	uint32_t inode;
	/* A byte of the filesystem, or NOWHERE. */
	uint64_t place;
	uint64_t expected;
	uint64_t found;
};
#define NOWHERE UINT64_MAX
_Static_assert(sizeof(struct problem) == 32, "problem.ts reads 32 bytes");

/* The answer to the last call. */
struct reply {
	uint8_t *data;
	uint32_t bytes;
	uint32_t capacity;
	/* Where to go on: an inode or logical block. Meaningful unless `done`. */
	uint32_t next;
	uint32_t done;
	struct problem problem;
};
extern struct reply reply;

/* A call collects about this much before it returns, to be asked again. */
#define REPLY_BYTES (256u << 10)

void reply_begin(void);
/* Room for `bytes` more, zeroed, at the end of the reply; traps when memory runs out, which costs the instance. */
void *reply_add(uint32_t bytes);
/* Ends a call: keeps the problem, gives its code. */
uint32_t reply_fail(struct problem problem);

/* The byte where an inode lies, or NOWHERE. */
uint64_t inode_place(uint32_t inode_number);
/* Reads and verifies one inode into a buffer of the glue's, valid until the next call of this function. */
struct ext2_inode_large *read_inode(uint32_t inode_number, struct problem *problem);

static inline uint64_t block_place(uint64_t block)
{
	return block * filesystem->blocksize;
}

/* A contiguous stretch of a file's mapping. Holes are where no run is. */
struct run {
	uint64_t logical;
	uint64_t length;
	uint64_t physical;
	enum run_kind { RUN_WRITTEN, RUN_UNWRITTEN, RUN_DAMAGED } kind;
	/* Of RUN_DAMAGED. */
	struct problem problem;
};
/* Takes the next run; false ends the walk. */
typedef bool run_visitor(const struct run *run, void *state);

/* How many logical blocks a file's size spans. */
uint64_t size_in_blocks(const struct ext2_inode_large *inode);
/* Visits the runs that reach past logical block `from`, in order, as far as the file's size goes. */
void walk_mapping(uint32_t inode_number, struct ext2_inode_large *inode, uint64_t from, run_visitor *visit, void *state);
void walk_extents(uint32_t inode_number, struct ext2_inode_large *inode, uint64_t from, uint64_t to, run_visitor *visit, void *state);
void walk_indirect(uint32_t inode_number, struct ext2_inode_large *inode, uint64_t from, uint64_t to, run_visitor *visit, void *state);

/* Reads blocks; false when the host could not. */
bool read_blocks(uint64_t block, uint32_t count, void *into);
/* Whether blocks lie where data and metadata of files may lie. */
bool blocks_exist(uint64_t block, uint64_t count);

/* The value of "system.data", or NULL with length 0 where there is none. To be freed. */
errcode_t inline_tail(uint32_t inode_number, uint8_t **value, size_t *length);

extern struct struct_io_manager host_io_manager;

#endif
