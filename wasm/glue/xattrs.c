/*
 * Extended attributes, by lib/ext2fs: those in the inode, those in a block of their own, and values in inodes of their own,
 * all of them checked against their hashes and checksums.
 */
#include "glue.h"

#include <string.h>

/* One attribute in the reply of `xattrs`: then name and value, each padded to 4 bytes. */
struct xattr_record {
	uint32_t name_bytes;
	uint32_t value_bytes;
};

static uint32_t padded(size_t bytes)
{
	return ((uint32_t)bytes + 3) & ~3u;
}

static void add_xattr(const char *name, const void *value, size_t value_bytes)
{
	size_t name_bytes = strlen(name);
	struct xattr_record *record = reply_add(sizeof(*record) + padded(name_bytes) + padded(value_bytes));
	uint8_t *rest = (uint8_t *)(record + 1);
	*record = (struct xattr_record){ (uint32_t)name_bytes, (uint32_t)value_bytes };
	memcpy(rest, name, name_bytes);
	memcpy(rest + padded(name_bytes), value, value_bytes);
}

/* An ACL on disk (fs/ext4/acl.h): a version, then entries, of which only those of a named user or group have an id. */
#define DISK_ACL_VERSION 1
/* The same as the kernel shows it (acl(5), include/uapi/linux/posix_acl_xattr.h): all have one. */
#define SHOWN_ACL_VERSION 2
#define NO_ID UINT32_MAX
enum { ACL_NAMED_USER = 0x02, ACL_NAMED_GROUP = 0x08 };

struct acl_entry {
	uint16_t tag;
	uint16_t permissions;
	uint32_t id;
};

/* Gives how many bytes of `into` it filled (there must be room for twice as many), or 0 for what is no ACL. */
static size_t show_acl(const uint8_t *acl, size_t bytes, uint8_t *into)
{
	uint32_t version;
	if (bytes < sizeof(version))
		return 0;
	memcpy(&version, acl, sizeof(version));
	if (version != DISK_ACL_VERSION)
		return 0;
	version = SHOWN_ACL_VERSION;
	memcpy(into, &version, sizeof(version));
	size_t shown = sizeof(version);
	for (size_t at = sizeof(version); at < bytes; shown += sizeof(struct acl_entry)) {
		struct acl_entry entry = { .id = NO_ID };
		if (bytes - at < offsetof(struct acl_entry, id))
			return 0;
		memcpy(&entry, acl + at, offsetof(struct acl_entry, id));
		at += offsetof(struct acl_entry, id);
		if (entry.tag == ACL_NAMED_USER || entry.tag == ACL_NAMED_GROUP) {
			if (bytes - at < sizeof(entry.id))
				return 0;
			memcpy(&entry.id, acl + at, sizeof(entry.id));
			at += sizeof(entry.id);
		}
		memcpy(into + shown, &entry, sizeof(entry));
	}
	return shown;
}

/* Given each attribute as it is on disk. `state` takes the problem. */
static int collect(char *name, char *value, size_t value_bytes, void *state)
{
	if (strncmp(name, "system.posix_acl_", strlen("system.posix_acl_")) != 0) {
		add_xattr(name, value, value_bytes);
		return 0;
	}
	uint8_t *acl = malloc(2 * value_bytes + sizeof(struct acl_entry));
	if (acl == NULL)
		__builtin_trap();
	size_t shown = show_acl((uint8_t *)value, value_bytes, acl);
	if (shown == 0)
		*(struct problem *)state = (struct problem){ .code = PROBLEM_ACL, .found = value_bytes };
	else
		add_xattr(name, acl, shown);
	free(acl);
	return shown == 0 ? XATTR_ABORT : 0;
}

static errcode_t open_xattrs(uint32_t number, struct ext2_xattr_handle **handle)
{
	errcode_t code = ext2fs_xattrs_open(filesystem, number, handle);
	if (code != 0)
		return code;
	code = ext2fs_xattrs_read(*handle);
	if (code != 0)
		ext2fs_xattrs_close(handle);
	return code;
}

EXPORT(xattrs) uint32_t xattrs(uint32_t number)
{
	reply_begin();
	struct ext2_xattr_handle *handle;
	struct problem problem = { 0 };
	errcode_t code = open_xattrs(number, &handle);
	if (code == 0) {
		code = ext2fs_xattrs_iterate(handle, collect, &problem);
		ext2fs_xattrs_close(&handle);
	}
	if (code != 0)
		problem.code = code == EXT2_ET_SHORT_READ ? PROBLEM_READ : (uint32_t)code;
	if (problem.code == PROBLEM_NONE)
		return 0;
	problem.inode = number;
	problem.place = inode_place(number);
	return reply_fail(problem);
}

errcode_t inline_tail(uint32_t number, uint8_t **value, size_t *length)
{
	struct ext2_xattr_handle *handle;
	*value = NULL;
	*length = 0;
	errcode_t code = open_xattrs(number, &handle);
	if (code != 0)
		return code;
	code = ext2fs_xattr_get(handle, "system.data", (void **)value, length);
	ext2fs_xattrs_close(&handle);
	return code == EXT2_ET_EA_KEY_NOT_FOUND ? 0 : code;
}
