/* SPDX-License-Identifier: MIT */
/*
 * option.c - setsockopt() and getsockopt(), and what conversion does to options
 *
 * A kept option that is set on a converted socket is first set on a scratch TCP socket and
 * read back from it, so that the kernel's own TCP says whether the value is good and what
 * becomes of it. The few that programs set on every connection have a short cut.
 */
#include "option.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>

#include "error.h"
#include "hint.h"
#include "kept.h"
#include "linger.h"
#include "sys.h"

/* Newer than the libc headers of some systems that the shim is built on. */
#ifndef SO_GET_FILTER
#define SO_GET_FILTER SO_ATTACH_FILTER
#endif

/* ---- conversion ---- */

/*
 * setsockopt() of a carried option. vsock_set_rcvlowat() refuses what is more than the buffer
 * holds; TCP cuts the value to that.
 */
static int set_carried(int fd, const struct option *option, const void *value, socklen_t len)
{
	int result = sys_setsockopt(fd, option->level, option->name, value, len), room;
	socklen_t size_len = sizeof(uint64_t);
	uint64_t size;

	if (result != -EINVAL || option->name != SO_RCVLOWAT ||
	    sys_getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, &size_len) < 0)
		return result;
	room = size < INT_MAX ? (int)size : INT_MAX;
	return sys_setsockopt(fd, option->level, option->name, &room, sizeof room);
}

/* Carry one option; true if it was not what a fresh socket has anyway. */
static bool carry_one(const struct option *option, int from, int to)
{
	int old[4] = {0}, new[4] = {0}; /* the longest is a timeval of two 64-bit numbers */
	socklen_t len = sizeof old, new_len = sizeof new;

	if (option->level == SOL_SOCKET && option->name == SO_LINGER)
		return linger_carry(from, to);
	if (sys_getsockopt(from, option->level, option->name, old, &len) < 0 ||
	    sys_getsockopt(to, option->level, option->name, new, &new_len) < 0 ||
	    memcmp(old, new, sizeof old) == 0)
		return false;
	/* The kernel doubles buffer sizes that are set, and gives them back doubled. */
	if (option->name == SO_SNDBUF || option->name == SO_RCVBUF)
		old[0] /= 2;
	return set_carried(to, option, old, len) == 0;
}

bool option_carry(int from, int to, uint64_t which)
{
	bool any = false;

	for (int i = 0; i < option_count; i++)
		if (which >> i & 1 && option_table[i].treatment == CARRIED &&
		    carry_one(&option_table[i], from, to) &&
		    option_table[i].inheritance == BY_ACCEPT)
			any = true;
	return any;
}

/* Is there a bit for this option? */
static bool is_among(uint64_t which, int level, int name)
{
	int index = which ? option_find(level, name) : -1;

	return index >= 0 && which >> index & 1;
}

bool option_maybe_set(int fd, int level, int name)
{
	return is_among(hint_options(fd), level, name);
}

bool option_keep(int tcp, struct mark *m, uint64_t which)
{
	bool any = false;

	m->lingers = is_among(which, SOL_SOCKET, SO_LINGER) && linger_waits(tcp);
	for (int i = 0; which && i < option_count; i++) {
		struct value value, initial;

		if (!(which >> i & 1) || option_table[i].treatment != KEPT ||
		    kept_read(tcp, i, &value) < 0 || kept_default(i, m->v6, &initial) < 0 ||
		    memcmp(&value, &initial, sizeof value) == 0)
			continue;
		kept_put(m, i, &value);
		any = any || option_table[i].inheritance == BY_ACCEPT;
	}
	return any;
}

void option_carry_low_water(int from, int to)
{
	if (option_maybe_set(from, SOL_SOCKET, SO_RCVLOWAT))
		option_carry(from, to, UINT64_C(1) << option_find(SOL_SOCKET, SO_RCVLOWAT));
}

void option_inherit(int listener, int accepted, const struct mark *head)
{
	struct mark m;
	uint64_t handed_down = hint_options(listener);

	if ((!head->extended && !head->inherit) || mark_read(listener, &m) != 1)
		return;
	for (int i = 0; i < option_count; i++)
		if (option_table[i].inheritance == NOT_INHERITED) {
			handed_down &= ~(UINT64_C(1) << i);
			kept_drop(&m, i);
		}
	if (head->inherit)
		option_carry(listener, accepted, handed_down);
	m.peer = (struct place){0};
	m.shut = false;
	mark_write(accepted, NULL, &m);
}

void option_restore(int tcp, const struct mark *m)
{
	for (int i = 0; i < option_count; i++) {
		struct value value;

		if (option_table[i].treatment == KEPT && kept_get(m, i, &value))
			sys_setsockopt(tcp, option_table[i].level, option_table[i].name, &value,
				       option_words(i) * 4);
	}
	if (m->lingers)
		linger_restore(tcp);
}

/* ---- setsockopt() ---- */

/* The value as TCP would hold it; a negated errno if TCP refuses it. */
static int judge(int index, bool v6, const void *given, socklen_t len, struct value *value)
{
	int fd = kept_scratch(v6), result;

	if (fd < 0)
		return fd;
	result = sys_setsockopt(fd, option_table[index].level, option_table[index].name, given,
				len);
	if (result == 0)
		result = kept_read(fd, index, value);
	sys_close(fd);
	return result;
}

/* Options that servers set on every connection, in the ranges that TCP takes as they are. */
static bool judge_quickly(int index, const void *given, socklen_t len, struct value *value)
{
	int number;

	if (option_table[index].level != IPPROTO_TCP || len < sizeof number || !given)
		return false;
	memcpy(&number, given, sizeof number);
	memset(value, 0, sizeof *value);
	value->words[0] = (uint32_t)number;
	switch (option_table[index].name) {
	case TCP_NODELAY:
	case TCP_CORK:
		value->words[0] = number != 0;
		return true;
	case TCP_QUICKACK:
		value->words[0] = number & 1;
		return true;
	case TCP_KEEPIDLE:
	case TCP_KEEPINTVL:
		return number >= 1 && number <= KEPT_TIME_MAX;
	case TCP_KEEPCNT:
		return number >= 1 && number <= KEPT_COUNT_MAX;
	default:
		return false;
	}
}

/* SO_RCVLOWAT, where AF_VSOCK refused it: what TCP makes of the value. */
static int set_low_water(int fd, int index, const void *given, socklen_t len)
{
	struct value value;
	struct mark m;
	int result = mark_head(fd, &m);

	if (result <= 0)
		return result ?: -EINVAL;
	result = judge(index, m.v6, given, len, &value);
	return result < 0 ? result : set_carried(fd, &option_table[index], &value, sizeof(int));
}

/* As much of the mark as this option needs: TCP_NODELAY, which programs set on every
 * connection, stands in the first word. As mark_read() returns. */
static int read_mark_for(int fd, int index, struct mark *m)
{
	int result;

	if (index < 0 || !option_is(index, IPPROTO_TCP, TCP_NODELAY))
		return mark_read(fd, m);
	result = mark_head(fd, m);
	return result == 1 && m->extended ? mark_read(fd, m) : result;
}

static int set_kept(int fd, int index, const void *given, socklen_t len)
{
	struct mark before, after;
	struct value value;
	int result = read_mark_for(fd, index, &before), connected = 0;

	if (result <= 0)
		return result ?: -ENOPROTOOPT;
	if (option_is(index, IPPROTO_IPV6, IPV6_V6ONLY))
		return before.v6 ? -EINVAL : -ENOPROTOOPT; /* as on any bound socket */
	if (!judge_quickly(index, given, len, &value)) {
		result = judge(index, before.v6, given, len, &value);
		if (result < 0)
			return result;
	}
	after = before;
	result = kept_put(&after, index, &value);
	if (option_table[index].inheritance == BY_ACCEPT && before.peer.kind == PLACE_NONE) {
		connected = sys_connected(fd);
		after.inherit = after.inherit || connected == 0;
	}
	if (result < 0 || connected < 0)
		return result < 0 ? result : connected;
	return mark_write(fd, &before, &after);
}

/* A listener's options go to the sockets it accepts: note that it has, or will have, some. */
static int note_listener_option(int fd)
{
	struct mark before, after;
	int result = hint_is_plain(fd) ? 0 : mark_head(fd, &before);

	if (result <= 0 || before.inherit)
		return result < 0 ? result : 0;
	result = sys_connected(fd);
	if (result)
		return result < 0 ? result : 0;
	if (before.extended)
		result = mark_read(fd, &before);
	if (result < 0)
		return result;
	after = before;
	after.inherit = true;
	return mark_write(fd, &before, &after);
}

/* Options of the socket level where the mark is kept: the program must not overwrite it. */
static bool carries_mark(int level, int name)
{
	return level == SOL_SOCKET &&
	       (name == SO_MAX_PACING_RATE || name == SO_INCOMING_CPU || name == SO_REUSEPORT);
}

static bool attaches_filter(int level, int name)
{
	return level == SOL_SOCKET && (name == SO_ATTACH_FILTER || name == SO_DETACH_FILTER ||
				       name == SO_LOCK_FILTER || name == SO_ATTACH_BPF);
}

int option_set(int fd, int level, int name, const void *value, socklen_t len)
{
	bool to_mark = carries_mark(level, name), to_filter = attaches_filter(level, name);
	int index = option_find(level, name), result;
	struct mark m;

	result = to_mark || to_filter ? mark_head(fd, &m) : 0;
	if (result < 0)
		return result;
	if (result == 1)
		return to_filter ? -ENOPROTOOPT : set_kept(fd, index, value, len);
	if (level == SOL_SOCKET && name == SO_LINGER)
		result = linger_set(fd, value, len);
	else
		result = sys_setsockopt(fd, level, name, value, len);
	if (index < 0)
		return result;
	if (result == -EINVAL && option_is(index, SOL_SOCKET, SO_RCVLOWAT))
		result = set_low_water(fd, index, value, len);
	if (result == 0) {
		hint_option((unsigned)index);
		if (option_table[index].treatment == CARRIED &&
		    option_table[index].inheritance == BY_ACCEPT)
			result = note_listener_option(fd);
	} else if (option_table[index].treatment == KEPT && result == -ENOPROTOOPT) {
		return set_kept(fd, index, value, len);
	}
	return result;
}

/* ---- getsockopt() ---- */

/* Give @size bytes at @from to the program, no more than it has room for. */
static int give(const void *from, socklen_t size, void *value, socklen_t *len)
{
	if (*len > size)
		*len = size;
	memcpy(value, from, *len);
	return 0;
}

static int give_int(int number, void *value, socklen_t *len)
{
	return give(&number, sizeof number, value, len);
}

/* The state that TCP would be in; or a negated errno. */
static int tcp_state_of(int fd, const struct mark *m)
{
	int events = sys_poll_now(fd, POLLOUT | POLLRDHUP), listens = sys_listens(fd),
	    connected = sys_connected(fd);

	if (events < 0 || listens < 0 || connected < 0)
		return events < 0 ? events : listens < 0 ? listens : connected;
	if (listens)
		return TCP_LISTEN;
	if (connected)
		return m->silent            ? TCP_CLOSE
		       : events & POLLRDHUP ? TCP_CLOSE_WAIT
					    : TCP_ESTABLISHED;
	if (m->shut)
		return events & POLLRDHUP ? TCP_CLOSE : TCP_FIN_WAIT2;
	return m->peer.kind != PLACE_NONE && !events ? TCP_SYN_SENT : TCP_CLOSE;
}

static int get_tcp_info(int fd, const struct mark *m, void *value, socklen_t *len)
{
	int state = tcp_state_of(fd, m);
	struct tcp_info info = {
		.tcpi_state = (uint8_t)state,
		.tcpi_snd_mss = 1448,
		.tcpi_rcv_mss = 1448,
		.tcpi_advmss = 1448,
		.tcpi_pmtu = 1500,
		.tcpi_snd_cwnd = 10,
		.tcpi_rcv_space = 65536,
		.tcpi_rto = 200000,
	};

	return state < 0 ? state : give(&info, sizeof info, value, len);
}

/* What a fresh TCP socket answers, whatever the option. */
static int ask_scratch(const struct mark *m, int level, int name, void *value, socklen_t *len)
{
	int fd = kept_scratch(m->v6), result;

	if (fd < 0)
		return fd;
	result = sys_getsockopt(fd, level, name, value, len);
	sys_close(fd);
	return result;
}

static int get_kept(const struct mark *m, int index, void *value, socklen_t *len)
{
	struct value kept;

	if (!kept_get(m, index, &kept))
		return ask_scratch(m, option_table[index].level, option_table[index].name,
				   value, len);
	/* IP options are given as one byte to a caller that has room for no more. */
	if (option_table[index].level == IPPROTO_IP && *len >= 1 && *len < 4)
		return give(&(uint8_t){(uint8_t)kept.words[0]}, 1, value, len);
	return give(&kept, option_words(index) * 4, value, len);
}

/* SO_ERROR: that of a connection that was made is its own (a guest that died). Where the kernel
 * does not say what it is of, the error is given as it is: it can be read but once. */
static bool is_of_connect(int fd)
{
	struct mark m;

	return mark_head(fd, &m) == 1 && sys_connected(fd) == 0;
}

/* Answers of an AF_VSOCK socket that TCP would not give. */
static int correct(int fd, int level, int name, void *value, socklen_t *len)
{
	struct mark m;
	int number, result;

	if (level != SOL_SOCKET || *len < sizeof number)
		return 0;
	memcpy(&number, value, sizeof number);
	switch (name) {
	case SO_ERROR:
		return number && is_of_connect(fd) ? give_int(tcp_error(number), value, len)
						   : 0;
	case SO_LINGER:
		result = number == 0 ? linger_is_on(fd) : 0;
		if (result == 1)
			memcpy(value, &result, sizeof result);
		return result < 0 ? result : 0;
	case SO_DOMAIN:
		result = number == AF_VSOCK ? mark_head(fd, &m) : 0;
		return result == 1 ? give_int(m.v6 ? AF_INET6 : AF_INET, value, len) : result;
	case SO_PROTOCOL:
		result = number == 0 ? mark_head(fd, &m) : 0;
		return result == 1 ? give_int(IPPROTO_TCP, value, len) : result;
	default:
		return 0;
	}
}

/* What the kernel would say of the room for an answer. */
static int check_room(int level, const void *value, socklen_t room)
{
	if (level == SOL_SOCKET && (int)room < 0)
		return -EINVAL;
	return !value && room ? -EFAULT : 0;
}

int option_get(int fd, int level, int name, void *value, socklen_t *len)
{
	int index, result, ours;
	struct mark m;
	socklen_t room;

	if (!len)
		return sys_getsockopt(fd, level, name, value, len);
	room = *len;
	if (level == SOL_SOCKET && name == SO_GET_FILTER) {
		result = mark_head(fd, &m);
		if (result == 1)
			*len = 0; /* no filter: ours is none of the program's business */
		if (result)
			return result < 0 ? result : 0;
	}
	if (carries_mark(level, name)) {
		result = mark_read(fd, &m);
		if (result == 1)
			result = check_room(level, value, *len) ?: 1;
		if (result)
			return result < 0 ? result
					  : get_kept(&m, option_find(level, name), value, len);
	}
	result = sys_getsockopt(fd, level, name, value, len);
	if (result == 0)
		return correct(fd, level, name, value, len);
	if (result != -ENOPROTOOPT && result != -EOPNOTSUPP)
		return result;
	index = option_find(level, name);
	ours = read_mark_for(fd, index, &m);
	if (ours <= 0)
		return ours ?: result;
	if (check_room(level, value, room) < 0)
		return check_room(level, value, room);
	*len = room;
	if (level == IPPROTO_TCP && name == TCP_INFO)
		return get_tcp_info(fd, &m, value, len);
	if (level == IPPROTO_IP && name == IP_OPTIONS)
		return ask_scratch(&m, level, name, value, len);
	if (index >= 0 && option_table[index].treatment == KEPT)
		return get_kept(&m, index, value, len);
	return result;
}
