/* SPDX-License-Identifier: MIT */
/*
 * linger.c - SO_LINGER with a time, for which VM sockets would make close() wait
 */
#include "linger.h"

#include <stdbool.h>
#include <string.h>

#include "engine.h"
#include "kernel/sys.h"
#include "mark.h"

static int get(int fd, struct linger *linger)
{
	socklen_t len = sizeof *linger;

	return sys_getsockopt(fd, SOL_SOCKET, SO_LINGER, linger, &len);
}

static int set(int fd, bool on, int seconds)
{
	struct linger linger = {on, seconds};

	return sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

int linger_waits(int tcp)
{
	struct linger linger;
	int result = get(tcp, &linger);

	return result < 0 ? result : linger.l_onoff && linger.l_linger;
}

int linger_carry(int from, int to)
{
	struct linger linger;
	int result = get(from, &linger);

	if (result < 0 || (!linger.l_onoff && !linger.l_linger))
		return result;
	result = set(to, true, linger.l_linger);
	if (result == 0 && linger.l_linger)
		result = set(to, false, 0);
	return result ?: 1;
}

int linger_restore(int tcp)
{
	struct linger linger;

	return get(tcp, &linger) ?: set(tcp, true, linger.l_linger);
}

int linger_set(int fd, const void *value, socklen_t len)
{
	struct mark before, after;
	struct linger linger;
	int ours = engine_is_plain(fd) ? 0 : mark_read(fd, &before), result;

	if (ours < 0)
		return ours;
	result = sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, value, len);
	if (result < 0 || !ours)
		return result;
	memcpy(&linger, value, sizeof linger);
	after = before;
	after.lingers = linger.l_onoff && linger.l_linger;
	if (after.lingers != before.lingers)
		result = mark_write(fd, &before, &after);
	if (result < 0 || after.lingers)
		result = set(fd, false, 0) ?: result;
	return result;
}

int linger_is_on(int fd)
{
	struct mark m;
	int result = mark_read(fd, &m);

	return result == 1 ? m.lingers : result;
}
