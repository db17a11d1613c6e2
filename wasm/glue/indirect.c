/*
 * The mapping of ext2 and ext3: twelve direct pointers, then a block of pointers, a block of such blocks, and one more level
 * (Documentation/filesystems/ext4/ifork.rst, "Direct/Indirect Block Addressing"). Neighbouring blocks become one run.
 */
#include "glue.h"

struct walk {
	uint32_t number;
	uint64_t from;
	uint64_t to;
	run_visitor *visit;
	void *state;
	/* Grows while blocks continue it. */
	struct run held;
	uint32_t *buffers[3];
};

static bool flush(struct walk *walk)
{
	struct run run = walk->held;
	walk->held.length = 0;
	return run.length == 0 || walk->visit(&run, walk->state);
}

static bool take(struct walk *walk, struct run run)
{
	struct run *held = &walk->held;
	bool continues = held->length > 0 && held->kind == run.kind && held->logical + held->length == run.logical &&
			 (run.kind == RUN_DAMAGED ? held->problem.code == run.problem.code : held->physical + held->length == run.physical);
	if (continues) {
		held->length += run.length;
		return true;
	}
	if (!flush(walk))
		return false;
	*held = run;
	return true;
}

static bool take_damage(struct walk *walk, uint64_t logical, uint64_t span, struct problem problem)
{
	uint64_t begin = logical < walk->from ? walk->from : logical, end = logical + span < walk->to ? logical + span : walk->to;
	if (begin >= end)
		return true;
	problem.inode = walk->number;
	return take(walk, (struct run){ .logical = begin, .length = end - begin, .kind = RUN_DAMAGED, .problem = problem });
}

/* One pointer, which maps `span` blocks from `logical` on, through `level` blocks of pointers. */
static bool walk_pointer(struct walk *walk, uint32_t block, unsigned level, uint64_t logical, uint64_t span, uint64_t place)
{
	if (block == 0)
		return true;
	if (!blocks_exist(block, 1)) {
		struct problem problem = { PROBLEM_BLOCK_RANGE, 0, place, ext2fs_blocks_count(filesystem->super), block };
		return take_damage(walk, logical, span, problem);
	}
	if (level == 0)
		return take(walk, (struct run){ .logical = logical, .length = 1, .physical = block, .kind = RUN_WRITTEN });

	uint32_t **buffer = &walk->buffers[level - 1];
	if (*buffer == NULL && (*buffer = malloc(filesystem->blocksize)) == NULL)
		__builtin_trap();
	if (!read_blocks(block, 1, *buffer))
		return take_damage(walk, logical, span, (struct problem){ PROBLEM_READ, 0, block_place(block), 0, 0 });
	uint32_t count = filesystem->blocksize / 4;
	uint64_t child_span = span / count;
	uint64_t i = walk->from > logical ? (walk->from - logical) / child_span : 0;
	for (; i < count && logical + i * child_span < walk->to; i++)
		if (!walk_pointer(walk, (*buffer)[i], level - 1, logical + i * child_span, child_span, block_place(block) + i * 4))
			return false;
	return true;
}

void walk_indirect(uint32_t number, struct ext2_inode_large *inode, uint64_t from, uint64_t to, run_visitor *visit, void *state)
{
	struct walk walk = { .number = number, .from = from, .to = to, .visit = visit, .state = state };
	uint64_t place = inode_place(number) + offsetof(struct ext2_inode, i_block);
	uint64_t logical = 0, span = 1;
	bool wanted = true;
	for (unsigned slot = 0; wanted && slot < EXT2_N_BLOCKS && logical < to; slot++) {
		unsigned level = slot < EXT2_NDIR_BLOCKS ? 0 : slot - EXT2_NDIR_BLOCKS + 1;
		if (level > 0)
			span *= filesystem->blocksize / 4;
		if (logical + span > from)
			wanted = walk_pointer(&walk, inode->i_block[slot], level, logical, span, place + slot * 4);
		logical += span;
	}
	if (wanted)
		flush(&walk);
	for (int level = 0; level < 3; level++)
		free(walk.buffers[level]);
}
