/* SPDX-License-Identifier: MIT */
/*
 * carry.c - what conversion does to options
 */
#include "carry.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "buffer.h"
#include "engine.h"
#include "kernel/sys.h"
#include "linger.h"
#include "share.h"
#include "transport/transport.h"

/* SO_RCVLOWAT, cut to what the buffer holds. */
static int set_low_water(int fd, int wanted)
{
	uint64_t size;
	int result = transport_get_buffer(fd, &size);

	if (result < 0)
		return result;
	if (size < (uint64_t)wanted)
		wanted = (int)size;
	return sys_setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof wanted);
}

/* That of a listener, whose buffer is small: what it hands down is for a larger one. */
static int set_listeners_low_water(int fd, int wanted)
{
	int result = buffer_enlarge(fd, rules()), shrunk;

	if (result < 0)
		return result;
	result = set_low_water(fd, wanted);
	shrunk = buffer_shrink(fd, rules());
	return result < 0 ? result : shrunk;
}

int carry_set(int fd, const struct option *option, const void *value, socklen_t len)
{
	int result = sys_setsockopt(fd, option->level, option->name, value, len), listens,
	    wanted;

	if (result != -EINVAL || option->name != SO_RCVLOWAT)
		return result;
	listens = sys_listens(fd);
	if (listens < 0)
		return listens;
	memcpy(&wanted, value, sizeof wanted);
	return listens ? set_listeners_low_water(fd, wanted) : set_low_water(fd, wanted);
}

/* Only the privileged may set these, or some of their values; once they were, perhaps. */
static bool takes_privilege(const struct option *option)
{
	if (option->level == IPPROTO_TCP)
		return option->name == TCP_CONGESTION;
	return option->level == SOL_SOCKET &&
	       (option->name == SO_MARK || option->name == SO_PRIORITY ||
		option->name == SO_BUSY_POLL);
}

/*
 * Does this error only say that the option, or its value, is not for this socket? Any other one
 * would lose an option of the program's in silence.
 */
static bool means_nothing(const struct option *option, int result)
{
	return sys_no_option(result) || result == -EINVAL || result == -ENOENT ||
	       result == -EDOM || (result == -EPERM && takes_privilege(option));
}

/* Carry one option; 1 if it was not what a fresh socket has anyway, 0, or a negated errno. */
static int carry_one(const struct option *option, int from, int to)
{
	int old[4] = {0}, new[4] = {0}; /* the longest is a timeval of two 64-bit numbers */
	socklen_t len = sizeof old, new_len = sizeof new;
	int result;

	if (option->level == SOL_SOCKET && option->name == SO_LINGER)
		return linger_carry(from, to);
	result = sys_getsockopt(from, option->level, option->name, old, &len);
	if (result == 0)
		result = sys_getsockopt(to, option->level, option->name, new, &new_len);
	if (result == 0 && memcmp(old, new, sizeof old) == 0)
		return 0;
	/* The kernel doubles buffer sizes that are set, and gives them back doubled. */
	if (option->name == SO_SNDBUF || option->name == SO_RCVBUF)
		old[0] /= 2;
	if (result == 0)
		result = carry_set(to, option, old, len);
	if (result < 0)
		return means_nothing(option, result) ? 0 : result;
	return 1;
}

int carry_options(int from, int to, uint64_t which)
{
	int any = 0, result;

	for (int i = 0; i < option_count; i++) {
		if (!(which >> i & 1) || option_table[i].treatment != CARRIED)
			continue;
		result = carry_one(&option_table[i], from, to);
		if (result < 0)
			return result;
		if (result && option_table[i].inheritance == BY_ACCEPT)
			any = 1;
	}
	return any;
}

/* Is there a bit for this option? */
static bool is_among(uint64_t which, int level, int name)
{
	int index = which ? option_find(level, name) : -1;

	return index >= 0 && which >> index & 1;
}

bool carry_maybe_set(int fd, int level, int name)
{
	return is_among(engine_options(fd), level, name);
}

/* Keep one option; 1 if it was not what a fresh socket has anyway, 0, or a negated errno. */
static int keep_one(int index, int tcp, struct mark *m)
{
	struct value value, initial;
	int result = kept_read(tcp, index, &value);

	if (result == 0)
		result = kept_default(index, m->v6, &initial);
	if (result < 0)
		return means_nothing(&option_table[index], result) ? 0 : result;
	if (memcmp(&value, &initial, sizeof value) == 0)
		return 0;
	return kept_put(m, index, &value) ?: 1;
}

int carry_kept(int tcp, struct mark *m, uint64_t which)
{
	int any = 0, result = 0;

	if (is_among(which, SOL_SOCKET, SO_LINGER))
		result = linger_waits(tcp);
	if (result < 0)
		return result;
	m->lingers = result;
	for (int i = 0; which && i < option_count; i++) {
		if (!(which >> i & 1) || option_table[i].treatment != KEPT)
			continue;
		result = keep_one(i, tcp, m);
		if (result < 0)
			return result;
		if (result && option_table[i].inheritance == BY_ACCEPT)
			any = 1;
	}
	return any;
}

int carry_low_water(int from, int to)
{
	int result = 0;

	if (carry_maybe_set(from, SOL_SOCKET, SO_RCVLOWAT))
		result = carry_options(from, to,
				       UINT64_C(1) << option_find(SOL_SOCKET, SO_RCVLOWAT));
	return result < 0 ? result : 0;
}

int carry_send_buffer(int from, int to, bool v6)
{
	int wanted = 0, usual = 0, fresh, result;

	if (!carry_maybe_set(from, SOL_SOCKET, SO_SNDBUF))
		return 0;
	fresh = kept_scratch(v6);
	if (fresh < 0)
		return fresh;
	result = sys_getsockopt_int(fresh, SOL_SOCKET, SO_SNDBUF, &usual);
	sys_close(fresh);
	if (result == 0)
		result = sys_getsockopt_int(from, SOL_SOCKET, SO_SNDBUF, &wanted);
	if (result < 0 || wanted == usual)
		return result;
	wanted /= 2; /* the kernel doubles it */
	return sys_setsockopt(to, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
}

int carry_inherited(int listener, int accepted, const struct mark *head, bool renamed)
{
	struct mark m;
	uint64_t handed_down = engine_options(listener);
	int result = head->extended || head->inherit || renamed ? mark_read(listener, &m) : 0;

	if (result <= 0)
		return result;
	share_names(listener, &m);
	for (int i = 0; i < option_count; i++)
		if (option_table[i].inheritance == NOT_INHERITED) {
			handed_down &= ~(UINT64_C(1) << i);
			kept_drop(&m, i);
		}
	if (head->inherit)
		result = carry_options(listener, accepted, handed_down);
	if (result < 0)
		return result;
	m.peer = (struct place){0};
	m.shut = false;
	m.muxed = head->muxed; /* a listener may not be what it gives (proxied.h) */
	return mark_write(accepted, NULL, &m);
}

int carry_back(int tcp, const struct mark *m)
{
	for (int i = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];
		struct value value;
		int result;

		if (option->treatment != KEPT || !kept_get(m, i, &value))
			continue;
		result = sys_setsockopt(tcp, option->level, option->name, &value,
					option_words(i) * 4);
		if (result < 0 && !means_nothing(option, result))
			return result;
	}
	return m->lingers ? linger_restore(tcp) : 0;
}
