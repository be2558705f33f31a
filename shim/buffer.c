/* SPDX-License-Identifier: MIT */
/*
 * buffer.c - how much may wait in the kernel for a converted socket
 */
#include "buffer.h"

#include <limits.h>

#include "kernel/sys.h"
#include "transport/transport.h"

/* What programs that write before they read rely on: TCP has about 2.5 MiB in flight. */
#define DEFAULT_SIZE (UINT64_C(4) << 20)

/* See buffer.h: the most that keeps a thousand connections below 64 MiB. */
#define UNACCEPTED_SIZE UINT64_C(6144)

static uint64_t accepted_size(const struct ruleset *rs)
{
	return rs->buffer_size ?: DEFAULT_SIZE;
}

int buffer_enlarge(int fd, const struct ruleset *rs)
{
	return transport_set_buffer(fd, accepted_size(rs));
}

int buffer_shrink(int fd, const struct ruleset *rs)
{
	uint64_t size = accepted_size(rs);
	struct vm_address own;

	/* not known is not local */
	if (transport_local(fd, &own) == 1 && cid_is_inside_only(own.cid))
		return 0;
	return transport_set_buffer(fd, size < UNACCEPTED_SIZE ? size : UNACCEPTED_SIZE);
}

int buffer_listen(int fd, const struct ruleset *rs, int backlog)
{
	bool capped = backlog >= 0 && backlog < BUFFER_BACKLOG;
	struct vm_address own;
	int result;

	/* a full queue stops all of the guest's calls in the VMM */
	if (transport_local(fd, &own) == 1 && own.path)
		return sys_listen(fd, INT_MAX);
	result = buffer_shrink(fd, rs);

	if (result == 0)
		result = sys_listen(fd, capped ? BUFFER_BACKLOG : backlog);
	if (result < 0)
		buffer_enlarge(fd, rs);
	return result;
}
