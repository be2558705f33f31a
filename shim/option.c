/* SPDX-License-Identifier: MIT */
/*
 * option.c - the table of options, and setsockopt() and getsockopt()
 *
 * A kept option that is set on a converted socket is first set on a scratch TCP socket and
 * read back from it, so that the kernel's own TCP says whether the value is good and what
 * becomes of it. The few that programs set on every connection have a short cut.
 */
#include "option.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#include "error.h"
#include "hint.h"
#include "sys.h"

/* Newer than the libc headers of some systems that the shim is built on. */
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
#ifndef SO_GET_FILTER
#define SO_GET_FILTER SO_ATTACH_FILTER
#endif

enum treatment { CARRIED, KEPT };

struct option {
	int level, name;
	enum treatment treatment;
};

/* An index into this table is a bit of hint_options() and a tag in the mark: at most 64 rows,
 * and the one that holds text (TCP_CONGESTION) must stand among the first 48. */
static const struct option table[] = {
	{SOL_SOCKET, SO_KEEPALIVE, CARRIED},
	{SOL_SOCKET, SO_LINGER, CARRIED},
	{SOL_SOCKET, SO_RCVTIMEO_OLD, CARRIED},
	{SOL_SOCKET, SO_SNDTIMEO_OLD, CARRIED},
	{SOL_SOCKET, SO_RCVTIMEO_NEW, CARRIED},
	{SOL_SOCKET, SO_SNDTIMEO_NEW, CARRIED},
	{SOL_SOCKET, SO_RCVLOWAT, CARRIED},
	{SOL_SOCKET, SO_OOBINLINE, CARRIED},
	{SOL_SOCKET, SO_SNDBUF, CARRIED},
	{SOL_SOCKET, SO_RCVBUF, CARRIED},
	{SOL_SOCKET, SO_REUSEADDR, CARRIED},
	{SOL_SOCKET, SO_PRIORITY, CARRIED},
	{SOL_SOCKET, SO_TIMESTAMP, CARRIED},
	{SOL_SOCKET, SO_BUSY_POLL, CARRIED},
	{SOL_SOCKET, SO_ZEROCOPY, CARRIED},
	{SOL_SOCKET, SO_MARK, CARRIED},
	{SOL_SOCKET, SO_DONTROUTE, CARRIED},
	{SOL_SOCKET, SO_REUSEPORT, KEPT},
	{SOL_SOCKET, SO_MAX_PACING_RATE, KEPT},
	{SOL_SOCKET, SO_INCOMING_CPU, KEPT},
	{IPPROTO_TCP, TCP_NODELAY, KEPT},
	{IPPROTO_TCP, TCP_CORK, KEPT},
	{IPPROTO_TCP, TCP_QUICKACK, KEPT},
	{IPPROTO_TCP, TCP_KEEPIDLE, KEPT},
	{IPPROTO_TCP, TCP_KEEPINTVL, KEPT},
	{IPPROTO_TCP, TCP_KEEPCNT, KEPT},
	{IPPROTO_TCP, TCP_CONGESTION, KEPT},
	{IPPROTO_TCP, TCP_USER_TIMEOUT, KEPT},
	{IPPROTO_TCP, TCP_DEFER_ACCEPT, KEPT},
	{IPPROTO_TCP, TCP_FASTOPEN, KEPT},
	{IPPROTO_TCP, TCP_FASTOPEN_CONNECT, KEPT},
	{IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, KEPT},
	{IPPROTO_TCP, TCP_MAXSEG, KEPT},
	{IPPROTO_TCP, TCP_SYNCNT, KEPT},
	{IPPROTO_TCP, TCP_LINGER2, KEPT},
	{IPPROTO_TCP, TCP_WINDOW_CLAMP, KEPT},
	{IPPROTO_TCP, TCP_NOTSENT_LOWAT, KEPT},
	{IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, KEPT},
	{IPPROTO_TCP, TCP_THIN_DUPACK, KEPT},
	{IPPROTO_TCP, TCP_SAVE_SYN, KEPT},
	{IPPROTO_IP, IP_TOS, KEPT},
	{IPPROTO_IP, IP_TTL, KEPT},
	{IPPROTO_IP, IP_MTU_DISCOVER, KEPT},
	{IPPROTO_IP, IP_RECVERR, KEPT},
	{IPPROTO_IP, IP_RECVTOS, KEPT},
	{IPPROTO_IP, IP_RECVTTL, KEPT},
	{IPPROTO_IP, IP_PKTINFO, KEPT},
	{IPPROTO_IP, IP_FREEBIND, KEPT},
	{IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, KEPT},
	{IPPROTO_IP, IP_LOCAL_PORT_RANGE, KEPT},
	{IPPROTO_IPV6, IPV6_V6ONLY, KEPT},
	{IPPROTO_IPV6, IPV6_TCLASS, KEPT},
	{IPPROTO_IPV6, IPV6_UNICAST_HOPS, KEPT},
	{IPPROTO_IPV6, IPV6_MTU_DISCOVER, KEPT},
	{IPPROTO_IPV6, IPV6_RECVERR, KEPT},
	{IPPROTO_IPV6, IPV6_RECVTCLASS, KEPT},
	{IPPROTO_IPV6, IPV6_RECVPKTINFO, KEPT},
	{IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, KEPT},
	{IPPROTO_IPV6, IPV6_FREEBIND, KEPT},
};
#define OPTIONS ((int)(sizeof table / sizeof table[0]))
_Static_assert(sizeof table / sizeof table[0] <= 64, "an option is a bit of 64");

#define CONGESTION_BYTES 16 /* TCP_CA_NAME_MAX of the kernel */

/* The value of an option: a number, or a name. */
struct value {
	uint32_t words[CONGESTION_BYTES / 4];
};

static int find_option(int level, int name)
{
	for (int i = 0; i < OPTIONS; i++)
		if (table[i].name == name && table[i].level == level)
			return i;
	return -1;
}

static bool is_option(int index, int level, int name)
{
	return table[index].level == level && table[index].name == name;
}

static unsigned words_of(int index)
{
	return is_option(index, IPPROTO_TCP, TCP_CONGESTION) ? CONGESTION_BYTES / 4 : 1;
}

/* ---- the kernel's TCP as the judge ---- */

static int scratch_tcp(bool v6)
{
	return sys_socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int read_value(int fd, int index, struct value *value)
{
	socklen_t len = words_of(index) * 4;

	memset(value, 0, sizeof *value);
	return sys_getsockopt(fd, table[index].level, table[index].name, value, &len);
}

/* The value that a fresh TCP socket has. Asked once for each option. */
static int default_value(int index, bool v6, struct value *value)
{
	static _Atomic uint64_t known[2][sizeof table / sizeof table[0]];
	_Atomic uint64_t *slot = &known[v6][index];
	uint64_t cached = atomic_load_explicit(slot, memory_order_relaxed);
	int fd, result;

	memset(value, 0, sizeof *value);
	if (cached) {
		value->words[0] = (uint32_t)cached;
		return 0;
	}
	fd = scratch_tcp(v6);
	if (fd < 0)
		return fd;
	result = read_value(fd, index, value);
	sys_close(fd);
	if (result == 0 && words_of(index) == 1)
		atomic_store_explicit(slot, UINT64_C(1) << 32 | value->words[0],
				      memory_order_relaxed);
	return result;
}

/* ---- kept values in a mark ---- */

static uint8_t tag_of(int index, unsigned word)
{
	return (uint8_t)((unsigned)index | word << 6);
}

static int keep_extra(struct mark *m, uint8_t tag, uint32_t value)
{
	for (unsigned i = 0; i < m->extra_count; i++) {
		if (m->extras[i].tag == tag) {
			m->extras[i].value = value;
			return 0;
		}
	}
	if (m->extra_count == MARK_EXTRAS_MAX)
		return -ENOMEM;
	m->extras[m->extra_count++] = (struct extra){tag, value};
	return 0;
}

static bool kept_extra(const struct mark *m, uint8_t tag, uint32_t *value)
{
	for (unsigned i = 0; i < m->extra_count; i++) {
		if (m->extras[i].tag == tag) {
			*value = m->extras[i].value;
			return true;
		}
	}
	return false;
}

/* Largest values that have a place outside the filter. */
#define SMALL_TIME_MAX  0x7fff
#define SMALL_COUNT_MAX 0x7f

/* Keep a value in the mark's own fields, if it has one for it; it is a good value already. */
static bool keep_in_field(struct mark *m, int index, uint32_t value)
{
	int level = table[index].level, name = table[index].name;

	if (level == SOL_SOCKET && name == SO_REUSEPORT)
		m->reuseport = value;
	else if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY)
		m->v6only = value;
	else if (level != IPPROTO_TCP)
		return false;
	else if (name == TCP_NODELAY)
		m->nodelay = value;
	else if (name == TCP_CORK)
		m->cork = value;
	else if (name == TCP_QUICKACK)
		m->quickack_off = !value;
	else if (name == TCP_KEEPIDLE && value <= SMALL_TIME_MAX)
		m->keepidle = (uint16_t)value;
	else if (name == TCP_KEEPINTVL && value <= SMALL_TIME_MAX)
		m->keepintvl = (uint16_t)value;
	else if (name == TCP_KEEPCNT && value <= SMALL_COUNT_MAX)
		m->keepcnt = (uint8_t)value;
	else
		return false;
	return true;
}

static int keep_value(struct mark *m, int index, const struct value *value)
{
	int result = 0;

	if (keep_in_field(m, index, value->words[0]))
		return 0;
	for (unsigned i = 0; i < words_of(index) && result == 0; i++)
		result = keep_extra(m, tag_of(index, i), value->words[i]);
	return result;
}

/* The kept value, if one was set. Fields that are zero for "never set" fall through. */
static bool kept_value(const struct mark *m, int index, struct value *value)
{
	int level = table[index].level, name = table[index].name;

	memset(value, 0, sizeof *value);
	for (unsigned i = 0; i < words_of(index); i++)
		if (kept_extra(m, tag_of(index, i), &value->words[i]) &&
		    i + 1 == words_of(index))
			return true;
	if (level == SOL_SOCKET && name == SO_REUSEPORT)
		value->words[0] = m->reuseport;
	else if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY && m->v6)
		value->words[0] = m->v6only;
	else if (level != IPPROTO_TCP)
		return false;
	else if (name == TCP_NODELAY)
		value->words[0] = m->nodelay;
	else if (name == TCP_CORK)
		value->words[0] = m->cork;
	else if (name == TCP_QUICKACK)
		value->words[0] = !m->quickack_off;
	else if (name == TCP_KEEPIDLE)
		return (value->words[0] = m->keepidle);
	else if (name == TCP_KEEPINTVL)
		return (value->words[0] = m->keepintvl);
	else if (name == TCP_KEEPCNT)
		return (value->words[0] = m->keepcnt);
	else
		return false;
	return true;
}

/* ---- conversion ---- */

/* Carry one option; true if it was not what a fresh socket has anyway. */
static bool carry_one(const struct option *option, int from, int to)
{
	int old[4] = {0}, new[4] = {0}; /* the longest is a timeval of two 64-bit numbers */
	socklen_t len = sizeof old, new_len = sizeof new;

	if (sys_getsockopt(from, option->level, option->name, old, &len) < 0 ||
	    sys_getsockopt(to, option->level, option->name, new, &new_len) < 0 ||
	    memcmp(old, new, sizeof old) == 0)
		return false;
	/* The kernel doubles buffer sizes that are set, and gives them back doubled. */
	if (option->name == SO_SNDBUF || option->name == SO_RCVBUF)
		old[0] /= 2;
	return sys_setsockopt(to, option->level, option->name, old, len) == 0;
}

bool option_carry(int from, int to, uint64_t which)
{
	bool any = false;

	for (int i = 0; i < OPTIONS; i++)
		if (which >> i & 1 && table[i].treatment == CARRIED &&
		    carry_one(&table[i], from, to) && table[i].name != SO_REUSEADDR)
			any = true;
	return any;
}

/* Options that are the listener's own business, or that word A of the mark hands down. */
static bool needs_no_inheriting(int index)
{
	return is_option(index, SOL_SOCKET, SO_REUSEPORT) ||
	       is_option(index, IPPROTO_TCP, TCP_NODELAY) ||
	       is_option(index, IPPROTO_IPV6, IPV6_V6ONLY);
}

bool option_keep(int tcp, struct mark *m, uint64_t which)
{
	bool any = false;

	for (int i = 0; which && i < OPTIONS; i++) {
		struct value value, initial;

		if (!(which >> i & 1) || table[i].treatment != KEPT ||
		    read_value(tcp, i, &value) < 0 || default_value(i, m->v6, &initial) < 0 ||
		    memcmp(&value, &initial, sizeof value) == 0)
			continue;
		keep_value(m, i, &value);
		any = any || !needs_no_inheriting(i);
	}
	return any;
}

bool option_maybe_set(int fd, int level, int name)
{
	int index = find_option(level, name);

	return index >= 0 && hint_options(fd) >> index & 1;
}

void option_restore(int tcp, const struct mark *m)
{
	for (int i = 0; i < OPTIONS; i++) {
		struct value value;

		if (table[i].treatment == KEPT && kept_value(m, i, &value))
			sys_setsockopt(tcp, table[i].level, table[i].name, &value,
				       words_of(i) * 4);
	}
}

/* ---- setsockopt() ---- */

/* The value as TCP would hold it; a negated errno if TCP refuses it. */
static int judge(int index, bool v6, const void *given, socklen_t len, struct value *value)
{
	int fd = scratch_tcp(v6), result;

	if (fd < 0)
		return fd;
	result = sys_setsockopt(fd, table[index].level, table[index].name, given, len);
	if (result == 0)
		result = read_value(fd, index, value);
	sys_close(fd);
	return result;
}

/* Options that servers set on every connection, in the ranges that TCP takes as they are. */
static bool judge_quickly(int index, const void *given, socklen_t len, struct value *value)
{
	int number;

	if (table[index].level != IPPROTO_TCP || len < sizeof number || !given)
		return false;
	memcpy(&number, given, sizeof number);
	memset(value, 0, sizeof *value);
	value->words[0] = (uint32_t)number;
	switch (table[index].name) {
	case TCP_NODELAY:
	case TCP_CORK:
		value->words[0] = number != 0;
		return true;
	case TCP_QUICKACK:
		value->words[0] = number & 1;
		return true;
	case TCP_KEEPIDLE:
	case TCP_KEEPINTVL:
		return number >= 1 && number <= SMALL_TIME_MAX;
	case TCP_KEEPCNT:
		return number >= 1 && number <= SMALL_COUNT_MAX;
	default:
		return false;
	}
}

/* As much of the mark as this option needs: TCP_NODELAY, which programs set on every
 * connection, stands in the first word. */
static bool read_mark_for(int fd, int index, struct mark *m)
{
	if (!is_option(index, IPPROTO_TCP, TCP_NODELAY))
		return mark_read(fd, m);
	return mark_head(fd, m) && (!m->extended || mark_read(fd, m));
}

static int set_kept(int fd, int index, const void *given, socklen_t len)
{
	struct mark before, after;
	struct value value;
	int result;

	if (!read_mark_for(fd, index, &before))
		return -ENOPROTOOPT;
	if (is_option(index, IPPROTO_IPV6, IPV6_V6ONLY))
		return before.v6 ? -EINVAL : -ENOPROTOOPT; /* as on any bound socket */
	if (!judge_quickly(index, given, len, &value)) {
		result = judge(index, before.v6, given, len, &value);
		if (result < 0)
			return result;
	}
	after = before;
	result = keep_value(&after, index, &value);
	if (!needs_no_inheriting(index) && before.peer.kind == PLACE_NONE && !sys_connected(fd))
		after.inherit = true;
	return result < 0 ? result : mark_write(fd, &before, &after);
}

/* A listener's options go to the sockets it accepts: note that it has, or will have, some. */
static void note_listener_option(int fd)
{
	struct mark before, after;

	if ((hint_is_made(fd) && !hint_was_converted(fd)) || !mark_head(fd, &before) ||
	    before.inherit || sys_connected(fd))
		return;
	if (before.extended)
		mark_read(fd, &before);
	after = before;
	after.inherit = true;
	mark_write(fd, &before, &after);
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
	int index = find_option(level, name), result;
	struct mark m;

	if (attaches_filter(level, name) && mark_head(fd, &m))
		return -ENOPROTOOPT;
	if (carries_mark(level, name) && mark_head(fd, &m))
		return set_kept(fd, index, value, len);
	result = sys_setsockopt(fd, level, name, value, len);
	if (index < 0)
		return result;
	if (result == 0) {
		hint_option((unsigned)index);
		if (table[index].treatment == CARRIED && name != SO_REUSEADDR)
			note_listener_option(fd);
	} else if (table[index].treatment == KEPT && result == -ENOPROTOOPT) {
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

/* The state that TCP would be in. */
static int tcp_state_of(int fd, const struct mark *m)
{
	short events = sys_poll_now(fd, POLLOUT | POLLRDHUP);

	if (sys_listens(fd))
		return TCP_LISTEN;
	if (sys_connected(fd))
		return events & POLLRDHUP ? TCP_CLOSE_WAIT : TCP_ESTABLISHED;
	if (m->shut)
		return events & POLLRDHUP ? TCP_CLOSE : TCP_FIN_WAIT2;
	return m->peer.kind != PLACE_NONE && !events ? TCP_SYN_SENT : TCP_CLOSE;
}

static int get_tcp_info(int fd, const struct mark *m, void *value, socklen_t *len)
{
	struct tcp_info info = {
		.tcpi_state = (uint8_t)tcp_state_of(fd, m),
		.tcpi_snd_mss = 1448,
		.tcpi_rcv_mss = 1448,
		.tcpi_advmss = 1448,
		.tcpi_pmtu = 1500,
		.tcpi_snd_cwnd = 10,
		.tcpi_rcv_space = 65536,
		.tcpi_rto = 200000,
	};

	return give(&info, sizeof info, value, len);
}

/* What a fresh TCP socket answers, whatever the option. */
static int ask_scratch(const struct mark *m, int level, int name, void *value, socklen_t *len)
{
	int fd = scratch_tcp(m->v6), result;

	if (fd < 0)
		return fd;
	result = sys_getsockopt(fd, level, name, value, len);
	sys_close(fd);
	return result;
}

static int get_kept(const struct mark *m, int index, void *value, socklen_t *len)
{
	struct value kept;

	if (!kept_value(m, index, &kept))
		return ask_scratch(m, table[index].level, table[index].name, value, len);
	/* IP options are given as one byte to a caller that has room for no more. */
	if (table[index].level == IPPROTO_IP && *len >= 1 && *len < 4)
		return give(&(uint8_t){(uint8_t)kept.words[0]}, 1, value, len);
	return give(&kept, words_of(index) * 4, value, len);
}

/* Answers of an AF_VSOCK socket that TCP would not give. */
static int correct(int fd, int level, int name, void *value, socklen_t *len)
{
	struct mark m;
	int number;

	if (level != SOL_SOCKET || *len < sizeof number)
		return 0;
	memcpy(&number, value, sizeof number);
	switch (name) {
	case SO_ERROR:
		/* that of a connection that was made is its own (a guest that died) */
		if (number && mark_head(fd, &m) && !sys_connected(fd))
			return give_int(tcp_error(number), value, len);
		break;
	case SO_DOMAIN:
		if (number == AF_VSOCK && mark_head(fd, &m))
			return give_int(m.v6 ? AF_INET6 : AF_INET, value, len);
		break;
	case SO_PROTOCOL:
		if (number == 0 && mark_head(fd, &m))
			return give_int(IPPROTO_TCP, value, len);
		break;
	default:
		break;
	}
	return 0;
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
	int index, result;
	struct mark m;
	socklen_t room;

	if (!len)
		return sys_getsockopt(fd, level, name, value, len);
	room = *len;
	if (level == SOL_SOCKET && name == SO_GET_FILTER && mark_head(fd, &m)) {
		*len = 0; /* no filter: ours is none of the program's business */
		return 0;
	}
	if (carries_mark(level, name) && mark_read(fd, &m)) {
		result = check_room(level, value, *len);
		return result < 0 ? result : get_kept(&m, find_option(level, name), value, len);
	}
	result = sys_getsockopt(fd, level, name, value, len);
	if (result == 0)
		return correct(fd, level, name, value, len);
	if (result != -ENOPROTOOPT && result != -EOPNOTSUPP)
		return result;
	index = find_option(level, name);
	if (index < 0 ? !mark_read(fd, &m) : !read_mark_for(fd, index, &m))
		return result;
	if (check_room(level, value, room) < 0)
		return check_room(level, value, room);
	*len = room;
	if (level == IPPROTO_TCP && name == TCP_INFO)
		return get_tcp_info(fd, &m, value, len);
	if (level == IPPROTO_IP && name == IP_OPTIONS)
		return ask_scratch(&m, level, name, value, len);
	if (index >= 0 && table[index].treatment == KEPT)
		return get_kept(&m, index, value, len);
	return result;
}
