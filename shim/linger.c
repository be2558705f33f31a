/* SPDX-License-Identifier: MIT */
/*
 * linger.c - SO_LINGER with a time, for which AF_VSOCK would make close() wait
 */
#include "linger.h"

#include <string.h>

#include "hint.h"
#include "mark.h"
#include "sys.h"

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

bool linger_waits(int tcp)
{
	struct linger linger;

	return get(tcp, &linger) == 0 && linger.l_onoff && linger.l_linger;
}

bool linger_carry(int from, int to)
{
	struct linger linger;

	if (get(from, &linger) < 0 || (!linger.l_onoff && !linger.l_linger))
		return false;
	set(to, true, linger.l_linger);
	if (linger.l_linger)
		set(to, false, 0);
	return true;
}

void linger_restore(int tcp)
{
	struct linger linger;

	if (get(tcp, &linger) == 0)
		set(tcp, true, linger.l_linger);
}

int linger_set(int fd, const void *value, socklen_t len)
{
	int result = sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, value, len);
	struct mark before, after;
	struct linger linger;

	if (result < 0 || hint_is_plain(fd))
		return result;
	result = mark_read(fd, &before);
	if (result != 1)
		return result;
	memcpy(&linger, value, sizeof linger);
	after = before;
	after.lingers = linger.l_onoff && linger.l_linger;
	result = after.lingers == before.lingers ? 0 : mark_write(fd, &before, &after);
	if (result == 0 && after.lingers)
		result = set(fd, false, 0);
	return result;
}

int linger_is_on(int fd)
{
	struct mark m;
	int result = mark_read(fd, &m);

	return result == 1 ? m.lingers : result;
}
