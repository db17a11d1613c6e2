/* The one buffer in which answers travel. TypeScript copies out of it before it calls again. */
#include "glue.h"

#include <string.h>

struct reply reply;

EXPORT(reply) struct reply *reply_address(void)
{
	return &reply;
}

void reply_begin(void)
{
	reply.bytes = 0;
	reply.next = 0;
	reply.done = 0;
	reply.problem = (struct problem){ .place = NOWHERE };
}

void *reply_add(uint32_t bytes)
{
	if (bytes > reply.capacity - reply.bytes) {
		uint64_t capacity = ((uint64_t)reply.bytes + bytes) * 2;
		if (capacity < 2 * REPLY_BYTES)
			capacity = 2 * REPLY_BYTES;
		uint8_t *data = capacity > INT32_MAX ? NULL : realloc(reply.data, capacity);
		if (data == NULL)
			__builtin_trap();
		reply.data = data;
		reply.capacity = (uint32_t)capacity;
	}
	void *room = reply.data + reply.bytes;
	memset(room, 0, bytes);
	reply.bytes += bytes;
	return room;
}

uint32_t reply_fail(struct problem problem)
{
	reply.problem = problem;
	return problem.code;
}
