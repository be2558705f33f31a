/* SPDX-License-Identifier: MIT */
/*
 * duplicate.c - dup() and its family: noted, since conversion must reach every duplicate; and
 * fcntl(), which also says whether a listener may have a share of another (second.h)
 */
#include "duplicate.h"

#include "../kernel/sys.h"
#include "../second.h"
#include "hint.h"

/* Of something that was not made here: if it is a socket, it may yet be converted. */
static void note_foreign(int fd, int copy)
{
	uint64_t cookie;

	hint_unmade(copy);
	if (sys_cookie(fd, &cookie) == 0)
		hint_duplicated(fd, copy);
}

int duplicate_noting(int fd, int copy)
{
	if (copy >= 0 && copy != fd) {
		if (hint_is_made(fd))
			hint_duplicated(fd, copy);
		else if (hint_was_converted(fd))
			hint_accepted(copy);
		else
			note_foreign(fd, copy);
	}
	return copy;
}

int duplicate(int fd)
{
	return duplicate_noting(fd, (int)SYS_CALL(SYS_dup, fd));
}

int duplicate_onto(int fd, int copy)
{
	/* dup3(), which some architectures have alone, differs where both are the same */
	if (fd == copy)
		return sys_fcntl(fd, F_GETFD, 0) < 0 ? -EBADF : copy;
	return duplicate_noting(fd, sys_dup3(fd, copy, 0));
}

static int set_flags(int fd, long flags)
{
	int result;

	if (hint_is_shared(fd) && !(flags & O_NONBLOCK))
		second_part(fd);
	result = sys_fcntl(fd, F_SETFL, flags);
	if (result == 0 && flags & O_NONBLOCK)
		second_unblocked(fd);
	return sys_return(result);
}

int duplicate_fcntl(int fd, int command, void *argument)
{
	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
		return sys_return(duplicate_noting(fd, sys_fcntl(fd, command, (long)argument)));
	if (command == F_SETFL)
		return set_flags(fd, (long)argument);
	if (command == F_SETOWN || command == F_SETOWN_EX || command == F_SETSIG)
		hint_owner();
	return real.fcntl(fd, command, argument);
}
