/* SPDX-License-Identifier: MIT */
/*
 * option.c - setsockopt() and getsockopt()
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

#include "carry.h"
#include "engine.h"
#include "kept.h"
#include "kernel/memory.h"
#include "kernel/sys.h"
#include "linger.h"
#include "settle.h"
#include "share.h"
#include "shutdown.h"
#include "transport/transport.h"
#include "wait.h"

/* Newer than the libc headers of some systems that the shim is built on. */
#ifndef SO_GET_FILTER
#define SO_GET_FILTER SO_ATTACH_FILTER
#endif

/* ---- what TCP would say ---- */

/* The state that TCP would be in; or a negated errno. */
static int tcp_state_of(int fd, const struct mark *m)
{
	int events = sys_poll_now(fd, POLLOUT | POLLRDHUP), listens = sys_listens(fd),
	    connected = sys_connected(fd);

	if (events < 0 || listens < 0 || connected < 0)
		return events < 0 ? events : listens < 0 ? listens : connected;
	if (listens)
		return m->shut ? TCP_CLOSE : TCP_LISTEN;
	/* a Unix socket has its peer still */
	if (connected && !(m->muxed && m->shut))
		return m->silent            ? TCP_CLOSE
		       : events & POLLRDHUP ? TCP_CLOSE_WAIT
					    : TCP_ESTABLISHED;
	/* shut for reading alone, which gives POLLRDHUP, too; the mark of a Unix socket does
	 * not say that it was */
	if (m->shut && events & POLLOUT && !m->muxed)
		return TCP_ESTABLISHED;
	if (m->shut)
		return events & POLLRDHUP ? TCP_CLOSE : TCP_FIN_WAIT2;
	return m->peer.kind != PLACE_NONE && !events ? TCP_SYN_SENT : TCP_CLOSE;
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

/* An option that is not emulated fails, however TCP sets it: as there if it fails there, too.
 */
static int refuse_unknown(int fd, int level, int name, const void *value, socklen_t len,
			  int refusal)
{
	struct mark m;
	int result = level == SOL_SOCKET ? 0 : mark_head(fd, &m), scratch;

	if (result <= 0)
		return result ?: refusal;
	scratch = kept_scratch(m.v6);
	if (scratch < 0)
		return scratch;
	result = sys_setsockopt(scratch, level, name, value, len);
	sys_close(scratch);
	return result < 0 ? result : refusal;
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

	if (option_table[index].level != IPPROTO_TCP || len < sizeof number ||
	    !memory_readable(given, sizeof number))
		return false;
	memcpy(&number, given, sizeof number);
	memset(value, 0, sizeof *value);
	value->words[0] = (uint32_t)number;
	switch (option_table[index].name) {
	case TCP_NODELAY:
	case TCP_CORK:
	case TCP_QUICKACK:
		value->words[0] = number != 0;
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

/* SO_RCVLOWAT, where the VM socket refused it: what TCP makes of the value. */
static int set_low_water(int fd, int index, const void *given, socklen_t len)
{
	struct value value;
	struct mark m;
	int result = mark_head(fd, &m);

	if (result <= 0)
		return result ?: -EINVAL;
	result = judge(index, m.v6, given, len, &value);
	return result < 0 ? result : carry_set(fd, &option_table[index], &value, sizeof(int));
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

static bool is_v6(int fd, const struct mark *m)
{
	struct mark shown;

	if (!engine_is_shared(fd))
		return m->v6;
	shown = *m;
	share_names(fd, &shown);
	return shown.v6;
}

/* TCP_FASTOPEN and its kin come too late where there is a connection. */
static int check_state(int fd, const struct mark *m, int index)
{
	bool client = option_is(index, IPPROTO_TCP, TCP_FASTOPEN_CONNECT);
	int state;

	if (!client && !option_is(index, IPPROTO_TCP, TCP_FASTOPEN))
		return 0;
	state = tcp_state_of(fd, m);
	if (state < 0)
		return state;
	return state == TCP_CLOSE || (state == TCP_LISTEN && !client) ? 0 : -EINVAL;
}

#define NOT_OURS 1

/* @refusal: what it is if the socket is none of ours: what the kernel said of it, or NOT_OURS
 */
static int set_kept(int fd, int index, const void *given, socklen_t len, int refusal)
{
	struct mark before, after;
	struct value value;
	int result = read_mark_for(fd, index, &before), connected = 0;

	if (result <= 0)
		return result ?: refusal;
	if (option_is(index, IPPROTO_IPV6, IPV6_V6ONLY)) /* as on any bound socket */
		return is_v6(fd, &before) ? -EINVAL : -ENOPROTOOPT;
	result = check_state(fd, &before, index);
	if (result < 0)
		return result;
	if (!judge_quickly(index, given, len, &value)) {
		result = judge(index, is_v6(fd, &before), given, len, &value);
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
	int result = engine_is_plain(fd) ? 0 : mark_head(fd, &before);

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

/* Is it the one that holds a pending connection back, so that the mark has to keep the
 * program's value? */
static bool holds_back(int fd, int level, int name)
{
	struct mark m;

	return level == SOL_SOCKET && name == SO_SNDBUF && settle_may_be(fd) &&
	       mark_head(fd, &m) == 1 && m.pending == PENDING_YES;
}

static bool attaches_filter(int level, int name)
{
	return level == SOL_SOCKET && (name == SO_ATTACH_FILTER || name == SO_DETACH_FILTER ||
				       name == SO_LOCK_FILTER || name == SO_ATTACH_BPF);
}

int option_set(int fd, int level, int name, const void *value, socklen_t len)
{
	bool to_mark = carries_mark(level, name) || holds_back(fd, level, name),
	     to_filter = attaches_filter(level, name);
	int index = option_find(level, name), result;
	struct mark m;

	result = to_mark || to_filter ? mark_head(fd, &m) : 0;
	if (result < 0)
		return result;
	if (result == 1)
		return to_filter ? -ENOPROTOOPT : set_kept(fd, index, value, len, -ENOPROTOOPT);
	/* most programs set this on every connection: where that is most likely ours, the
	 * kernel need not refuse it first */
	if (index >= 0 && option_is(index, IPPROTO_TCP, TCP_NODELAY) &&
	    engine_was_converted(fd)) {
		result = set_kept(fd, index, value, len, NOT_OURS);
		if (result != NOT_OURS)
			return result;
	}
	if (level == SOL_SOCKET && name == SO_LINGER)
		result = linger_set(fd, value, len);
	else
		result = sys_setsockopt(fd, level, name, value, len);
	if (index < 0)
		return sys_unknown_option(result)
			       ? refuse_unknown(fd, level, name, value, len, result)
			       : result;
	if (result == -EINVAL && option_is(index, SOL_SOCKET, SO_RCVLOWAT))
		result = set_low_water(fd, index, value, len);
	if (result == 0) {
		engine_option((unsigned)index);
		if (option_table[index].treatment == CARRIED &&
		    option_table[index].inheritance == BY_ACCEPT)
			result = note_listener_option(fd);
	} else if (option_table[index].treatment == KEPT && sys_unknown_option(result)) {
		return set_kept(fd, index, value, len, result);
	} else if (result == -SYS_ENOTSUPP && mark_head(fd, &m) == 1) {
		return -EOPNOTSUPP;
	}
	return result;
}

/* ---- getsockopt() ---- */

/* Give @size bytes at @from to the program, no more than it has room for. */
static int give(const void *from, socklen_t size, void *value, socklen_t *len)
{
	if (*len < size)
		size = *len;
	if (!memory_writable(value, size))
		return -EFAULT;
	memcpy(value, from, size);
	*len = size;
	return 0;
}

static int give_int(int number, void *value, socklen_t *len)
{
	return give(&number, sizeof number, value, len);
}

/* The same where the broker may have a hand in it. */
static int tcp_state_now(int fd, struct mark *m)
{
	switch (settle_may_be(fd) ? settle(fd, m) : SETTLED_BEFORE) {
	case -ENGINE_LATER:
		return -ENGINE_LATER;
	case STILL_PENDING:
		return TCP_SYN_SENT;
	case HAS_FAILED:
		return TCP_CLOSE;
	default:
		return tcp_state_of(fd, m);
	}
}

static int get_tcp_info(int fd, struct mark *m, void *value, socklen_t *len)
{
	int state = tcp_state_now(fd, m);
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

/* SO_ERROR, of which @number is the kernel's */
static int correct_error(int fd, int number, void *value, socklen_t *len)
{
	struct mark m;
	int state = settle_may_be(fd) ? settle(fd, &m) : SETTLED_BEFORE;

	/* With its error taken, a socket that the broker is just closing looks pending. */
	if (state == HAS_FAILED || (state == STILL_PENDING && number))
		return give_int(settle_error(fd, number), value, len);
	if (state == SETTLED_BEFORE && number && is_of_connect(fd))
		return give_int(wait_failed(fd, number), value, len);
	return state < 0 ? state : 0;
}

/* Answers of a VM socket that TCP would not give. */
static int correct(int fd, int level, int name, void *value, socklen_t *len)
{
	bool cut = *len < sizeof(int);
	struct mark m;
	int number = 0, result;

	if (level != SOL_SOCKET || !*len)
		return 0;
	memcpy(&number, value, cut ? *len : sizeof number);
	switch (name) {
	case SO_ERROR:
		return correct_error(fd, number, value, len);
	case SO_LINGER:
		result = number == 0 ? linger_is_on(fd) : 0;
		if (result == 1)
			memcpy(value, &result, cut ? *len : sizeof result);
		return result < 0 ? result : 0;
	case SO_DOMAIN:
		result = cut || transport_is_family(number) ? mark_head(fd, &m) : 0;
		return result == 1 ? give_int(is_v6(fd, &m) ? AF_INET6 : AF_INET, value, len)
				   : result;
	case SO_ACCEPTCONN:
		result = number ? mark_head(fd, &m) : 0;
		return result == 1 && shutdown_of_listener(fd, &m) ? give_int(0, value, len)
		       : result < 0                                ? result
								   : 0;
	case SO_PROTOCOL:
		result = number == 0 ? mark_head(fd, &m) : 0;
		return result == 1 ? give_int(IPPROTO_TCP, value, len) : result;
	default:
		return 0;
	}
}

/* What the kernel would say of the length of an answer. */
static int check_length(int level, socklen_t *len)
{
	if (!memory_writable(len, sizeof *len))
		return -EFAULT;
	return level == SOL_SOCKET && (int)*len < 0 ? -EINVAL : 0;
}

int option_get(int fd, int level, int name, void *value, socklen_t *len)
{
	int index, result, ours;
	struct mark m;

	if (level == SOL_SOCKET && name == SO_GET_FILTER) {
		result = mark_head(fd, &m);
		if (result == 1) /* no filter: ours is none of the program's business */
			result = check_length(level, len) ?: give("", 0, value, len) ?: 1;
		if (result)
			return result < 0 ? result : 0;
	}
	if (carries_mark(level, name) || holds_back(fd, level, name)) {
		result = mark_read(fd, &m);
		if (result == 1)
			result = check_length(level, len) ?: 1;
		if (result)
			return result < 0 ? result
					  : get_kept(&m, option_find(level, name), value, len);
	}
	result = sys_getsockopt(fd, level, name, value, len);
	if (result == 0)
		return correct(fd, level, name, value, len);
	if (!sys_unknown_option(result))
		return result;
	index = option_find(level, name);
	ours = read_mark_for(fd, index, &m);
	if (ours <= 0)
		return ours ?: result;
	share_names(fd, &m);
	ours = check_length(level, len);
	if (ours < 0)
		return ours;
	if (level == IPPROTO_TCP && name == TCP_INFO)
		return get_tcp_info(fd, &m, value, len);
	if (index >= 0 && option_table[index].treatment == KEPT)
		return get_kept(&m, index, value, len);
	return level == SOL_SOCKET ? result : ask_scratch(&m, level, name, value, len);
}
