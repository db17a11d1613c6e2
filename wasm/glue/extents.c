/*
 * The extent tree of ext4 (Documentation/filesystems/ext4/ifork.rst, "Extent Tree").
 *
 * lib/ext2fs can walk one, too. This walk is ours because a damaged node shall cost the range that its parent gave it and no
 * more, and be named with its place; and because each node is held to that range and to the depth its parent gave it, so
 * that no ring of nodes can be walked twice.
 */
#include "glue.h"

/* ext4 allows no deeper tree (EXT4_MAX_EXTENT_DEPTH). */
#define MAX_DEPTH 5
/* Lengths above this mean unwritten: 32768 + n stands for n blocks. */
#define MAX_WRITTEN_LENGTH 32768

struct walk {
	uint32_t number;
	uint64_t from;
	uint64_t to;
	run_visitor *visit;
	void *state;
	/* One buffer for each level below the inode, the leaf's first. */
	uint8_t *buffers[MAX_DEPTH];
};

static bool visit_damage(struct walk *walk, uint64_t begin, uint64_t end, struct problem problem)
{
	if (begin < walk->from)
		begin = walk->from;
	if (end > walk->to)
		end = walk->to;
	if (begin >= end)
		return true;
	problem.inode = walk->number;
	struct run run = { .logical = begin, .length = end - begin, .kind = RUN_DAMAGED, .problem = problem };
	return walk->visit(&run, walk->state);
}

/* What makes a node unfit to be read, or PROBLEM_NONE. */
static struct problem check_header(const struct ext3_extent_header *header, uint32_t bytes, unsigned depth, uint64_t place)
{
	/* Extents and index entries have the same size, 12 bytes. */
	uint32_t room = (bytes - sizeof(*header)) / sizeof(struct ext3_extent);
	if (header->eh_magic != EXT3_EXT_MAGIC)
		return (struct problem){ PROBLEM_EXTENT_MAGIC, 0, place, EXT3_EXT_MAGIC, header->eh_magic };
	if (header->eh_depth != depth)
		return (struct problem){ PROBLEM_EXTENT_DEPTH, 0, place, depth, header->eh_depth };
	if (header->eh_max > room)
		return (struct problem){ PROBLEM_EXTENT_COUNT, 0, place, room, header->eh_max };
	if (header->eh_entries > header->eh_max)
		return (struct problem){ PROBLEM_EXTENT_COUNT, 0, place, header->eh_max, header->eh_entries };
	return (struct problem){ PROBLEM_NONE, 0, NOWHERE, 0, 0 };
}

/* Visits the extents of a leaf, which cover [begin, end) of the file. */
static bool walk_leaf(struct walk *walk, struct ext3_extent_header *header, uint64_t begin, uint64_t end, uint64_t place)
{
	struct ext3_extent *extents = EXT_FIRST_EXTENT(header);
	uint64_t at = begin;
	for (unsigned i = 0; i < header->eh_entries; i++) {
		struct ext3_extent *extent = &extents[i];
		uint64_t logical = extent->ee_block, entry_place = place + ((uint8_t *)extent - (uint8_t *)header);
		bool unwritten = extent->ee_len > MAX_WRITTEN_LENGTH;
		uint64_t length = unwritten ? extent->ee_len - MAX_WRITTEN_LENGTH : extent->ee_len;
		uint64_t physical = ((uint64_t)extent->ee_start_hi << 32) | extent->ee_start;

		/* Once the order is lost, nothing that follows in this leaf can be trusted to lie where it says. */
		if (logical < at || logical >= end)
			return visit_damage(walk, at, end, (struct problem){ PROBLEM_EXTENT_ORDER, 0, entry_place, at, logical });
		if (length == 0 || length > end - logical)
			return visit_damage(walk, logical, end, (struct problem){ PROBLEM_EXTENT_LENGTH, 0, entry_place, 0, extent->ee_len });
		at = logical + length;
		if (at <= walk->from)
			continue;
		/* Space may be allocated beyond the end of a file. */
		if (logical >= walk->to)
			return false;
		if (!blocks_exist(physical, length)) {
			struct problem problem = { PROBLEM_EXTENT_RANGE, 0, entry_place, ext2fs_blocks_count(filesystem->super), physical };
			if (!visit_damage(walk, logical, at, problem))
				return false;
			continue;
		}
		struct run run = { logical, length, physical, unwritten ? RUN_UNWRITTEN : RUN_WRITTEN, { 0 } };
		if (!walk->visit(&run, walk->state))
			return false;
	}
	return true;
}

static bool walk_node(struct walk *walk, struct ext3_extent_header *header, unsigned depth, uint64_t begin, uint64_t end, uint64_t place);

/* Reads and verifies the node to which an index entry points, then walks it. */
static bool walk_child(struct walk *walk, struct ext3_extent_idx *entry, unsigned depth, uint64_t begin, uint64_t end, uint64_t entry_place)
{
	uint64_t block = ((uint64_t)entry->ei_leaf_hi << 32) | entry->ei_leaf;
	if (!blocks_exist(block, 1)) {
		struct problem problem = { PROBLEM_EXTENT_RANGE, 0, entry_place, ext2fs_blocks_count(filesystem->super), block };
		return visit_damage(walk, begin, end, problem);
	}
	uint8_t **buffer = &walk->buffers[depth];
	if (*buffer == NULL && (*buffer = malloc(filesystem->blocksize)) == NULL)
		__builtin_trap();
	if (!read_blocks(block, 1, *buffer))
		return visit_damage(walk, begin, end, (struct problem){ PROBLEM_READ, 0, block_place(block), 0, 0 });

	struct ext3_extent_header *header = (struct ext3_extent_header *)*buffer;
	struct problem problem = check_header(header, filesystem->blocksize, depth, block_place(block));
	if (problem.code == PROBLEM_NONE && !ext2fs_extent_block_csum_verify(filesystem, walk->number, header))
		problem = (struct problem){ PROBLEM_EXTENT_CHECKSUM, 0, block_place(block), 0, 0 };
	if (problem.code != PROBLEM_NONE)
		return visit_damage(walk, begin, end, problem);
	return walk_node(walk, header, depth, begin, end, block_place(block));
}

static bool walk_node(struct walk *walk, struct ext3_extent_header *header, unsigned depth, uint64_t begin, uint64_t end, uint64_t place)
{
	if (depth == 0)
		return walk_leaf(walk, header, begin, end, place);
	struct ext3_extent_idx *entries = EXT_FIRST_INDEX(header);
	uint64_t at = begin;
	for (unsigned i = 0; i < header->eh_entries; i++) {
		uint64_t first = entries[i].ei_block, entry_place = place + ((uint8_t *)&entries[i] - (uint8_t *)header);
		if (first < at || first >= end)
			return visit_damage(walk, at, end, (struct problem){ PROBLEM_EXTENT_ORDER, 0, entry_place, at, first });
		uint64_t next = i + 1 < header->eh_entries ? entries[i + 1].ei_block : end;
		if (next <= first || next > end)
			next = end;
		at = first + 1;
		if (next <= walk->from)
			continue;
		if (!walk_child(walk, &entries[i], depth - 1, first, next, entry_place))
			return false;
	}
	return true;
}

void walk_extents(uint32_t number, struct ext2_inode_large *inode, uint64_t from, uint64_t to, run_visitor *visit, void *state)
{
	struct walk walk = { .number = number, .from = from, .to = to, .visit = visit, .state = state };
	struct ext3_extent_header *root = (struct ext3_extent_header *)inode->i_block;
	uint64_t place = inode_place(number) + offsetof(struct ext2_inode, i_block);
	unsigned depth = root->eh_depth;

	struct problem problem = check_header(root, sizeof(inode->i_block), depth, place);
	if (problem.code == PROBLEM_NONE && depth > MAX_DEPTH)
		problem = (struct problem){ PROBLEM_EXTENT_DEPTH, 0, place, MAX_DEPTH, depth };
	if (problem.code != PROBLEM_NONE)
		visit_damage(&walk, 0, to, problem);
	else
		walk_node(&walk, root, depth, 0, UINT64_C(1) << 32, place);

	for (int level = 0; level < MAX_DEPTH; level++)
		free(walk.buffers[level]);
}
