/* SPDX-License-Identifier: MIT */
/*
 * connect.c - connect(), to a TCP server or to a VM socket
 *
 * Theory of operation
 *
 * How one attempt is made is attempt.h's business; when there is to be one, this file's.
 *
 * A second connect() finds the socket converted. TCP's answers (EISCONN, EALREADY, the error
 * of the first attempt, or a fresh attempt) are worked out from the kernel's state, since
 * a VM socket answers EALREADY for ever once an attempt has failed; a fresh attempt takes a
 * fresh socket.
 */
#include "connect.h"

#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>

#include "../config/address.h"
#include "attempt.h"
#include "carry.h"
#include "convert.h"
#include "engine.h"
#include "kernel/endpoint.h"
#include "kernel/sys.h"
#include "log/log.h"
#include "named.h"
#include "route/route.h"
#include "settle.h"
#include "transport/transport.h"
#include "wait.h"

/* The first connect() of a TCP socket. */
static int connect_tcp(struct attempt *a, const struct subject *s)
{
	int result;

	a->mark.v6 = s->v6;
	a->mark.muxed = a->way.first.path != NULL;
	a->mark.peer = place_of(a->to.ip, a->to.port);
	if (s->local.port || !ip_is_unspecified(s->local.ip))
		a->mark.local = place_of(s->local.ip, s->local.port);
	result = carry_kept(a->fd, &a->mark, engine_options(a->fd));
	return result < 0 ? result : attempt_fresh(a, NULL);
}

/* ---- a converted socket, connected once more ---- */

enum progress { UNCONNECTED, CONNECTING, CONNECTED, FAILED };

/* Return: an enum progress, or a negated errno. */
static int progress_of(int fd, const struct mark *m)
{
	int answer = m->shut ? 1 : sys_connected(fd) ?: sys_listens(fd);

	if (answer)
		return answer < 0 ? answer : CONNECTED;
	if (m->peer.kind == PLACE_NONE)
		return UNCONNECTED;
	answer = sys_poll_now(fd, POLLOUT);
	if (answer <= 0)
		return answer < 0 ? answer : CONNECTING;
	answer = sys_connected(fd); /* it may have come to be since it was asked */
	if (answer < 0)
		return answer;
	return answer ? CONNECTED : FAILED;
}

/* TCP reports a connection once to a connect() that comes after it was made, then EISCONN. */
static int already_connected(int fd, const struct mark *m)
{
	struct mark after = *m;

	if (!m->begun)
		return -EISCONN;
	after.begun = false;
	return mark_write(fd, m, &after);
}

/*
 * A failure is reported once too: ECONNABORTED if SO_ERROR was read before. Only after that
 * does a connect() make a fresh attempt (__inet_stream_connect()).
 */
static int already_failed(int fd, const struct mark *m)
{
	int error, result = sys_getsockopt_int(fd, SOL_SOCKET, SO_ERROR, &error);
	struct mark after = *m;

	if (result < 0)
		return result;
	error = m->pending ? settle_error(fd, error) : error ? wait_failed(fd, error) : 0;
	if (m->begun) {
		after.begun = false;
		mark_write(fd, m, &after);
		return error ? -error : -ECONNABORTED;
	}
	return error ? -error : 1;
}

/* A blocking socket waits for the end of the attempt that is under way. */
static int still_connecting(int fd)
{
	int flags = sys_fcntl(fd, F_GETFL, 0), result;

	if (flags < 0)
		return flags;
	if (flags & O_NONBLOCK)
		return -EALREADY;
	result = wait_connected(fd);
	if (result == -EINPROGRESS)
		return -EALREADY;
	if (result != -EINTR && result != -ENGINE_LATER)
		attempt_note_begun(fd, false);
	return result;
}

/* The same of an attempt that the broker makes. Return: enum settled, or a negated errno. */
static int wait_settled(int fd, struct mark *m)
{
	int timeout, result = wait_limit(fd, SO_SNDTIMEO, &timeout);

	if (result == 0)
		result = engine_wait(fd, POLLOUT, timeout, timeout < 0);
	return result < 0 ? result : settle(fd, m);
}

/* may_connect_again() where the broker makes, or made, the connection */
static int may_connect_past_broker(int fd)
{
	struct mark m;
	int state = settle(fd, &m);

	if (state == STILL_PENDING && !sys_never_blocks(fd))
		state = wait_settled(fd, &m);
	switch (state) {
	case STILL_PENDING:
		return -EALREADY;
	case HAS_FAILED:
		return already_failed(fd, &m);
	default: /* whoever is asked now has settled it, if not this call */
		return state < 0 ? state : already_connected(fd, &m);
	}
}

/*
 * may_connect_again() - TCP's answer to a connect() on this converted socket
 * Return: 1 if a new attempt is to be made; else what connect() returns
 */
static int may_connect_again(int fd, const struct mark *m)
{
	int progress;

	if (m->pending)
		return may_connect_past_broker(fd);
	progress = progress_of(fd, m);
	switch (progress) {
	case UNCONNECTED:
		return 1;
	case CONNECTING:
		return still_connecting(fd);
	case CONNECTED:
		return already_connected(fd, m);
	case FAILED:
		return already_failed(fd, m);
	default:
		return progress;
	}
}

/* TCP's refusal of an address that the socket cannot reach; 0 if it can. */
static int refuse(const struct mark *m, const struct endpoint *to, const struct sockaddr *addr,
		  socklen_t len)
{
	int result = endpoint_refused(m->v6, addr, len);

	if (result == 0 && m->v6only && ip_is_v4(to->ip))
		result = -ENETUNREACH;
	return result;
}

static int connect_converted(struct attempt *a, const struct subject *s,
			     const struct sockaddr *addr, socklen_t len)
{
	int result = may_connect_again(a->fd, &s->mark);
	bool muxed;

	if (result == 1)
		result = refuse(&s->mark, &a->to, addr, len) ?: 1;
	if (result != 1)
		return result;
	if (a->denied)
		return -ECONNREFUSED;
	muxed = a->way.first.path != NULL;
	if (s->mark.peer.kind == PLACE_NONE && route_is_straight(&a->way) && !s->mark.muxed)
		return attempt_bound(a, s);
	a->mark = s->mark;
	a->mark.restricted = a->mark.any_port = false; /* which are a listener's */
	a->mark.muxed = muxed;
	a->mark.pending = PENDING_NO;
	a->mark.peer = place_of(a->to.ip, a->to.port);
	return attempt_fresh(a, muxed || s->mark.muxed ? NULL : &s->name);
}

int connect_unaddressed(int fd)
{
	struct mark m;
	int result = mark_names(fd, &m), taken;

	if (result <= 0)
		return result;
	taken = m.shut || m.peer.kind != PLACE_NONE ? 1 : sys_connected(fd) ?: sys_listens(fd);
	return taken < 0 ? taken : taken ? -EISCONN : -EINVAL;
}

/* ---- addresses that no rule takes ---- */

/* A converted socket that is to connect by TCP, or to be disconnected: make it TCP again. */
static int connect_undone(int fd, const struct mark *m, const struct sockaddr *addr,
			  socklen_t len)
{
	int result = addr->sa_family == AF_UNSPEC ? 1 : may_connect_again(fd, m);

	if (result == 1) {
		result = conversion_undo(fd, m);
		if (result == 0)
			return engine_connect(fd, addr, len);
	}
	return sys_return(result);
}

static void log_passed(const struct ruleset *rs, int fd, const struct endpoint *to,
		       const struct decision *decision)
{
	struct subject s;

	if (log_on() && inspect(fd, &s) == 0 && s.kind != SUBJECT_OTHER)
		log_decision(rs, "connect", fd, to, "", decision);
}

/*
 * connect() to what is no address of IP. TCP looks at its own state first, and at the address
 * when it could go there.
 */
static int connect_elsewhere(int fd, const struct sockaddr *addr, socklen_t len)
{
	bool suspected = engine_was_converted(fd);
	struct mark m;
	int result = 0, ours;

	if (!suspected) {
		result = engine_connect(fd, addr, len);
		if (result == 0 || errno == EFAULT)
			return result;
	}
	ours = mark_read(fd, &m);
	if (ours == 0)
		return suspected ? engine_connect(fd, addr, len) : result;
	if (ours == 1 && len < sizeof addr->sa_family)
		ours = -EINVAL;
	if (ours == 1)
		ours = may_connect_again(fd, &m);
	return sys_return(ours == 1 ? endpoint_refused(m.v6, addr, len) : ours);
}

/* Does this error come from a VM socket's dislike of the address? */
static bool refused_by_ours(int error, sa_family_t family)
{
	return error == EINVAL ||
	       (family == AF_UNSPEC && (error == EISCONN || error == EALREADY));
}

/*
 * libc's connect(), unless the socket is one that was converted before. Where the kernel does
 * not say, libc's it is: the rules want TCP here, and a VM socket will refuse.
 */
static int connect_passed(int fd, const struct sockaddr *addr, socklen_t len)
{
	bool suspected = engine_was_converted(fd);
	struct subject s;
	int result = 0;

	if (!suspected) {
		result = engine_connect(fd, addr, len);
		if (result == 0 || !refused_by_ours(errno, addr->sa_family))
			return result;
	}
	if (inspect(fd, &s) == 0 && s.kind == SUBJECT_CONVERTED)
		return connect_undone(fd, &s.mark, addr, len);
	return suspected ? engine_connect(fd, addr, len) : result;
}

/* Is this TCP socket one that a connect to @to can convert? 1; 0: the kernel says why not; or
 * a negated errno. */
static int connectable(int fd, const struct subject *s, const struct endpoint *to,
		       sa_family_t family)
{
	int v6only = 0, result = 0;

	if (s->tcp_state != TCP_CLOSE || s->v6 != (family == AF_INET6))
		return 0;
	if (s->v6 && ip_is_v4(to->ip))
		result = sys_getsockopt_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only);
	return result < 0 ? result : !v6only;
}

static void describe(struct attempt *a, int fd, const struct ruleset *rs,
		     const struct endpoint *to, const char *name,
		     const struct decision *decision)
{
	a->rs = rs;
	a->fd = fd;
	a->to = *to;
	a->denied = decision->action == ACTION_DENY;
	a->way = route_to(rs, decision, to, name);
	/* `extras` is long, and says nothing without its count */
	memset(&a->mark, 0, offsetof(struct mark, extras));
}

/* connect() to an address that the rules take: the result, as the kernel gives one; 1 if the
 * socket is none of ours. @name: that it stands for, or empty. */
static int connect_by_rules(int fd, const struct sockaddr *addr, socklen_t len,
			    const struct ruleset *rs, const struct endpoint *to,
			    const char *name, const struct decision *decision)
{
	struct attempt a;
	struct subject s;
	int result = inspect(fd, &s);

	describe(&a, fd, rs, to, name, decision);
	if (result == 0 && s.kind != SUBJECT_OTHER)
		result = s.kind == SUBJECT_TCP ? connectable(fd, &s, to, addr->sa_family) : 1;
	if (result < 0) {
		log_failure("connect", fd, "the kernel does not say what socket this is",
			    -result, inspect_failed(-result));
		return result;
	}
	if (result == 0)
		return 1;
	engine_cancellation_point();
	log_decision(rs, "connect", fd, to, name, decision);
	if (s.kind == SUBJECT_CONVERTED)
		return connect_converted(&a, &s, addr, len);
	if (a.denied)
		return -ECONNREFUSED;
	return connect_tcp(&a, &s);
}

/* ---- addresses that stand for names ---- */

/* Could the kernel take such an address for a way by IP? */
static bool is_of_ip(int fd)
{
	int domain = AF_UNSPEC;

	return sys_getsockopt_int(fd, SOL_SOCKET, SO_DOMAIN, &domain) == 0 &&
	       (domain == AF_INET || domain == AF_INET6);
}

/*
 * It stands for nothing that is known, or the socket is none that can be converted. A TCP
 * socket is told by the kernel why not; any other, UDP's above all, is kept from the network.
 */
static int connect_nowhere(int fd, const struct sockaddr *addr, socklen_t len, bool known)
{
	struct subject s;
	int result = inspect(fd, &s);

	if (result < 0)
		return sys_return(result);
	if (s.kind == SUBJECT_OTHER ? !is_of_ip(fd) : known)
		return engine_connect(fd, addr, len);
	log_failure("connect", fd,
		    known ? "this socket is not TCP's, and the address stands for a host name"
			  : "the address stands for no host name that is known here",
		    ENETUNREACH,
		    known ? "rules for names are for TCP: let the program use that"
			  : "it is another broker's: let the program look the name up anew");
	return sys_return(-ENETUNREACH);
}

/* connect() to the range of those addresses: whatever becomes of it, nothing goes by IP. */
static __attribute__((noinline)) int connect_named(int fd, const struct sockaddr *addr,
						   socklen_t len, const struct ruleset *rs,
						   const struct endpoint *to)
{
	char name[HOST_MAX + 1];
	struct decision decision = named_decide(rs, to, name);
	int result = 1;

	if (*name)
		result = connect_by_rules(fd, addr, len, rs, to, name, &decision);
	return result == 1 ? connect_nowhere(fd, addr, len, *name) : sys_return(result);
}

int shim_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	const struct ruleset *rs = rules();
	struct decision decision;
	struct endpoint to;
	int result;

	if (!endpoint_given(addr, len))
		return engine_connect(fd, addr, len);
	if (!endpoint_parse(addr, len, &to)) {
		if (len >= sizeof addr->sa_family && addr->sa_family == AF_UNSPEC)
			return connect_passed(fd, addr, len);
		return connect_elsewhere(fd, addr, len);
	}
	ip_loopback_if_unspecified(to.ip); /* as getpeername() will say */
	if (__builtin_expect(rs->takes_names, 0) && stand_in_is(rs, to.ip))
		return connect_named(fd, addr, len, rs, &to);
	decision = decide_connect(rs, &to);
	if (decision.action == ACTION_PASS) {
		log_passed(rs, fd, &to, &decision);
		return connect_passed(fd, addr, len);
	}
	result = connect_by_rules(fd, addr, len, rs, &to, "", &decision);
	return result == 1 ? engine_connect(fd, addr, len) : sys_return(result);
}
