/* SPDX-License-Identifier: MIT */
/*
 * kept.c - the table of options, and where a mark keeps the values of those that mean nothing
 * to VM sockets
 */
#include "kept.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <string.h>

#include "kernel/sys.h"

#ifndef SO_RCVTIMEO_OLD /* musl's headers, whose options are the same where a long has 64 bits \
			 */
#define SO_RCVTIMEO_OLD SO_RCVTIMEO
#define SO_SNDTIMEO_OLD SO_SNDTIMEO
#endif
#ifndef SO_RCVTIMEO_NEW
#define SO_RCVTIMEO_NEW 66
#define SO_SNDTIMEO_NEW 67
#endif

/* Newer than the libc headers of some systems that the shim is built on. */
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif

/* An index into this table is a bit of engine_options() and a tag in the mark: at most 64 rows,
 * and the one that holds text (TCP_CONGESTION) must stand among the first 48. */
const struct option option_table[] = {
	{SOL_SOCKET, SO_KEEPALIVE, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_LINGER, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_RCVTIMEO_OLD, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_SNDTIMEO_OLD, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_RCVTIMEO_NEW, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_SNDTIMEO_NEW, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_RCVLOWAT, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_OOBINLINE, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_SNDBUF, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_RCVBUF, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_REUSEADDR, CARRIED, NOT_INHERITED},
	{SOL_SOCKET, SO_PRIORITY, CARRIED, NOT_INHERITED},
	{SOL_SOCKET, SO_TIMESTAMP, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_BUSY_POLL, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_ZEROCOPY, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_MARK, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_DONTROUTE, CARRIED, BY_ACCEPT},
	{SOL_SOCKET, SO_REUSEPORT, KEPT, NOT_INHERITED},
	{SOL_SOCKET, SO_MAX_PACING_RATE, KEPT, BY_ACCEPT},
	{SOL_SOCKET, SO_INCOMING_CPU, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_NODELAY, KEPT, BY_KERNEL},
	{IPPROTO_TCP, TCP_CORK, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_QUICKACK, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_KEEPIDLE, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_KEEPINTVL, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_KEEPCNT, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_CONGESTION, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_USER_TIMEOUT, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_DEFER_ACCEPT, KEPT, NOT_INHERITED},
	{IPPROTO_TCP, TCP_FASTOPEN, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_FASTOPEN_CONNECT, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_MAXSEG, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_SYNCNT, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_LINGER2, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_WINDOW_CLAMP, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_NOTSENT_LOWAT, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_THIN_DUPACK, KEPT, BY_ACCEPT},
	{IPPROTO_TCP, TCP_SAVE_SYN, KEPT, BY_ACCEPT},
	{IPPROTO_IP, IP_TOS, KEPT, BY_ACCEPT},
	{IPPROTO_IP, IP_TTL, KEPT, BY_ACCEPT},
	{IPPROTO_IP, IP_MTU_DISCOVER, KEPT, BY_ACCEPT},
	{IPPROTO_IP, IP_RECVERR, KEPT, BY_ACCEPT},
	{IPPROTO_IP, IP_RECVTOS, KEPT, BY_ACCEPT},
	{IPPROTO_IP, IP_RECVTTL, KEPT, BY_ACCEPT},
	{IPPROTO_IP, IP_PKTINFO, KEPT, BY_ACCEPT},
	{IPPROTO_IP, IP_FREEBIND, KEPT, BY_ACCEPT},
	{IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, KEPT, BY_ACCEPT},
	{IPPROTO_IP, IP_LOCAL_PORT_RANGE, KEPT, BY_ACCEPT},
	{IPPROTO_IPV6, IPV6_V6ONLY, KEPT, BY_KERNEL},
	{IPPROTO_IPV6, IPV6_TCLASS, KEPT, BY_ACCEPT},
	{IPPROTO_IPV6, IPV6_UNICAST_HOPS, KEPT, BY_ACCEPT},
	{IPPROTO_IPV6, IPV6_MTU_DISCOVER, KEPT, BY_ACCEPT},
	{IPPROTO_IPV6, IPV6_RECVERR, KEPT, BY_ACCEPT},
	{IPPROTO_IPV6, IPV6_RECVTCLASS, KEPT, BY_ACCEPT},
	{IPPROTO_IPV6, IPV6_RECVPKTINFO, KEPT, BY_ACCEPT},
	{IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, KEPT, BY_ACCEPT},
	{IPPROTO_IPV6, IPV6_FREEBIND, KEPT, BY_ACCEPT},
};
const int option_count = sizeof option_table / sizeof option_table[0];
_Static_assert(sizeof option_table / sizeof option_table[0] <= OPTIONS_MAX,
	       "an option is a bit of 64");

int option_find(int level, int name)
{
	for (int i = 0; i < option_count; i++)
		if (option_table[i].name == name && option_table[i].level == level)
			return i;
	return -1;
}

bool option_is(int index, int level, int name)
{
	return option_table[index].level == level && option_table[index].name == name;
}

unsigned option_words(int index)
{
	return option_is(index, IPPROTO_TCP, TCP_CONGESTION) ? CONGESTION_BYTES / 4 : 1;
}

/* ---- the kernel's TCP as the judge ---- */

int kept_scratch(bool v6)
{
	return sys_socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int kept_read(int fd, int index, struct value *value)
{
	socklen_t len = option_words(index) * 4;

	memset(value, 0, sizeof *value);
	return sys_getsockopt(fd, option_table[index].level, option_table[index].name, value,
			      &len);
}

int kept_default(int index, bool v6, struct value *value)
{
	static _Atomic uint64_t known[2][OPTIONS_MAX];
	_Atomic uint64_t *slot = &known[v6][index];
	uint64_t cached = atomic_load_explicit(slot, memory_order_relaxed);
	int fd, result;

	memset(value, 0, sizeof *value);
	if (cached) {
		value->words[0] = (uint32_t)cached;
		return 0;
	}
	fd = kept_scratch(v6);
	if (fd < 0)
		return fd;
	result = kept_read(fd, index, value);
	sys_close(fd);
	if (result == 0 && option_words(index) == 1)
		atomic_store_explicit(slot, UINT64_C(1) << 32 | value->words[0],
				      memory_order_relaxed);
	return result;
}

/* ---- kept values in a mark ---- */

static uint8_t tag_of(int index, unsigned word)
{
	return (uint8_t)((unsigned)index | word << 6);
}

/* Where the extra of this tag stands; behind the last one if there is none. */
static unsigned find_extra(const struct mark *m, uint8_t tag)
{
	unsigned i = 0;

	while (i < m->extra_count && m->extras[i].tag != tag)
		i++;
	return i;
}

static int keep_extra(struct mark *m, uint8_t tag, uint32_t value)
{
	unsigned i = find_extra(m, tag);

	if (i == MARK_EXTRAS_MAX)
		return -ENOMEM;
	if (i == m->extra_count)
		m->extra_count++;
	m->extras[i] = (struct extra){tag, value};
	return 0;
}

static bool kept_extra(const struct mark *m, uint8_t tag, uint32_t *value)
{
	unsigned i = find_extra(m, tag);

	if (i == m->extra_count)
		return false;
	*value = m->extras[i].value;
	return true;
}

/* Keep a value in the mark's own fields, if it has one for it; it is a good value already. */
static bool keep_in_field(struct mark *m, int index, uint32_t value)
{
	int level = option_table[index].level, name = option_table[index].name;

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
	else if (name == TCP_KEEPIDLE && value <= KEPT_TIME_MAX)
		m->keepidle = (uint16_t)value;
	else if (name == TCP_KEEPINTVL && value <= KEPT_TIME_MAX)
		m->keepintvl = (uint16_t)value;
	else if (name == TCP_KEEPCNT && value <= KEPT_COUNT_MAX)
		m->keepcnt = (uint8_t)value;
	else
		return false;
	return true;
}

int kept_put(struct mark *m, int index, const struct value *value)
{
	int result = 0;

	if (keep_in_field(m, index, value->words[0]))
		return 0;
	for (unsigned i = 0; i < option_words(index) && result == 0; i++)
		result = keep_extra(m, tag_of(index, i), value->words[i]);
	return result;
}

void kept_drop(struct mark *m, int index)
{
	if (keep_in_field(m, index, 0))
		return;
	for (unsigned word = 0; word < option_words(index); word++) {
		unsigned i = find_extra(m, tag_of(index, word));

		if (i < m->extra_count)
			m->extras[i] = m->extras[--m->extra_count];
	}
}

/* Fields that are zero for "never set" fall through. */
bool kept_get(const struct mark *m, int index, struct value *value)
{
	int level = option_table[index].level, name = option_table[index].name;

	memset(value, 0, sizeof *value);
	for (unsigned i = 0; i < option_words(index); i++)
		if (kept_extra(m, tag_of(index, i), &value->words[i]) &&
		    i + 1 == option_words(index))
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
