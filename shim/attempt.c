/* SPDX-License-Identifier: MIT */
/*
 * attempt.c - makes one attempt to connect
 */
#include "attempt.h"

#include "ask.h"
#include "engine.h"
#include "kernel/sys.h"
#include "log/log.h"
#include "port.h"
#include "route/enter.h"
#include "route/speak.h"
#include "transport/transport.h"
#include "wait.h"

/* 0, or a negated errno */
static int set_connect_timeout(int fd, const struct ruleset *rs)
{
	return rs->connect_timeout_us
		       ? transport_set_connect_timeout(fd, rs->connect_timeout_us)
		       : 0;
}

/*
 * Bind to the port that the program chose with bind(), if it did and it is to be had; else to
 * one of ours, and if even that fails, connect() makes the kernel choose. 0, or a negated
 * errno.
 */
static int bind_source(int fd, struct mark *m)
{
	struct vm_address own = {CID_ANY, m->local.port, m->muxed ? "" : NULL};
	int result = own.port ? transport_bind(fd, own) : -EADDRINUSE;

	if (result != -EADDRINUSE && result != -EACCES)
		return result;
	m->local.port = 0; /* then the kernel's number is shown */
	result = bind_client_port(fd, m->muxed, is_by_ipv4(m));
	if (result > 0 && !m->muxed)
		engine_bound((uint16_t)result);
	return 0;
}

void attempt_note_begun(int fd, bool begun)
{
	struct mark before, after;

	if (mark_read(fd, &before) != 1)
		return;
	after = before;
	after.begun = begun;
	mark_write(fd, &before, &after);
}

/* What connect() returns for an attempt that was begun with @result. */
static int conclude(int fd, int file_flags, int result)
{
	if (result == -EINPROGRESS && !(file_flags & O_NONBLOCK)) {
		result = wait_connected(fd);
		if (result == -EINTR || result == -EINPROGRESS)
			attempt_note_begun(fd, true);
		return result; /* in TCP's words already */
	}
	if (result == 0 && file_flags & O_NONBLOCK)
		attempt_note_begun(fd, false); /* the program has heard of it */
	if (result < 0 && result != -EINPROGRESS) {
		log_failure("connect", fd, "the kernel refuses", -result,
			    transport_usual_cause(-result, false));
		result = -tcp_error(-result);
	}
	return result;
}

/* The same for a socket that replaces one of ours: @old_name is what that was bound to. If it
 * lives on in another process, the port is not to be had. */
static void bind_source_again(int fd, struct mark *m, const struct vm_address *old_name)
{
	struct mark before = *m;

	if (transport_bind(fd, *old_name) == 0)
		return;
	m->local.port = 0;
	bind_client_port(fd, m->muxed, is_by_ipv4(m));
	mark_write(fd, &before, m);
}

/*
 * The kernel refused at once, so nothing is under way: the socket is as one that was never
 * connected. (Its own state may say otherwise: vsock_connect() leaves TCP_SYN_SENT behind when
 * the transport refuses.)
 */
static void take_back(int fd, const struct mark *m)
{
	struct mark after = *m;

	after.peer = (struct place){.kind = PLACE_NONE};
	after.begun = false;
	mark_write(fd, m, &after);
}

/* A new socket for the attempt: bound (unless @bound later), and marked. */
static int prepare(struct attempt *a, struct conversion *c, bool bound_later)
{
	int result = conversion_begin(c, a->fd, a->mark.muxed);

	if (result < 0) {
		log_failure("connect", a->fd, transport_cannot_make(a->mark.muxed), -result,
			    transport_usual_cause(-result, a->mark.muxed));
		return -tcp_error(-result);
	}
	a->mark.begun = c->file_flags & O_NONBLOCK;
	if (!bound_later)
		result = bind_source(c->spare, &a->mark);
	if (result < 0)
		log_failure("connect", a->fd, "the address to come from is not to be had",
			    -result, transport_usual_cause(-result, a->mark.muxed));
	if (result == 0)
		result = conversion_mark(c, a->rs, &a->mark);
	if (result < 0)
		conversion_abort(c);
	return result;
}

static int begin_straight(int fd, const struct attempt *a)
{
	int result = transport_connect(fd, a->way.first);

	if (result < 0 && result != -EINPROGRESS)
		take_back(fd, &a->mark);
	return result;
}

/* Put a fresh AF_VSOCK socket under the descriptor, and connect it then, or before that. */
static int connect_straight(struct attempt *a, const struct vm_address *old_name)
{
	struct conversion c;
	bool rebind = old_name && a->mark.local.port;
	bool first = engine_connects_first() && !rebind;
	int result = prepare(a, &c, rebind), begun = 0;

	if (result < 0)
		return result;
	result = set_connect_timeout(c.spare, a->rs);
	if (result < 0) {
		conversion_abort(&c);
		return result;
	}
	if (first)
		begun = begin_straight(c.spare, a);
	result = conversion_commit(&c);
	if (result < 0)
		return result;
	if (rebind) /* the old socket had the port until now */
		bind_source_again(c.spare, &a->mark, old_name);
	if (!first)
		begun = begin_straight(c.spare, a);
	result = conversion_finish(&c);
	if (result < 0)
		return conversion_recall(&c, &a->mark, result);
	return conclude(a->fd, c.file_flags, begun);
}

/* Nothing is left to be done with the new socket: the program gets it. 0, or a negated errno.
 */
static int put_in_place(struct attempt *a, struct conversion *c)
{
	int result = conversion_commit(c);

	if (result < 0)
		return result;
	result = conversion_finish(c);
	return result < 0 ? conversion_recall(c, &a->mark, result) : 0;
}

/* Can nobody but the broker make it? */
static bool must_be_brokers(const struct attempt *a)
{
	return !engine_may_wait() || route_has_secret(&a->way);
}

/* The broker is to have it. 1: it cannot, and nothing has happened. */
static int connect_by_broker(struct attempt *a)
{
	struct conversion c;
	int result = conversion_begin(&c, a->fd, true);

	if (result < 0)
		return 1;
	a->mark.begun = c.file_flags & O_NONBLOCK;
	a->mark.pending = PENDING_YES;
	a->mark.muxed = true;
	result = conversion_mark(&c, a->rs, &a->mark) ?: ask_connect(c.spare, &a->mark);
	if (result < 0) {
		conversion_abort(&c);
		a->mark.pending = PENDING_NO;
		a->mark.muxed = a->way.first.path != NULL;
		log_failure("connect", a->fd,
			    must_be_brokers(a) ? "the broker cannot be reached"
					       : "the broker cannot be reached, so this waits",
			    -result, ask_failed(-result));
		return 1;
	}
	result = put_in_place(a, &c);
	if (result < 0)
		return result;
	log_progress("connect", a->fd, "the broker makes the connection");
	return conclude(a->fd, c.file_flags, -EINPROGRESS);
}

/* Does it take its time, where this call must not; or a secret? */
static bool is_brokers(const struct attempt *a)
{
	return route_speaks(&a->way) && (must_be_brokers(a) || sys_never_blocks(a->fd));
}

/* There is no broker, where nobody else can. */
static int refuse_alone(const struct attempt *a)
{
	if (!route_has_secret(&a->way)) {
		if (!engine_broker())
			log_failure("connect", a->fd, "the broker cannot be reached", EACCES,
				    ask_failed(EACCES));
		return -EHOSTUNREACH;
	}
	log_failure("connect", a->fd, "the proxy wants a password", EACCES,
		    speak_failed(WHY_FILE, EACCES));
	return -EACCES;
}

/* The time is over: a VMM may not bear that its socket is closed before it has answered. */
static void leave(struct attempt *a, int muxer)
{
	if (engine_broker() && ask_hold(muxer) == 0)
		log_progress("connect", a->fd, "the broker waits for the VMM's answer");
}

/*
 * The same by way of a VMM or a proxy. Its dialogue has to be over before the program may have
 * the socket, so it is held first; until then the program has its TCP socket, and keeps it if
 * there is no way. To one that does not want to wait the attempt is under way all the same, and
 * done when it looks.
 */
static __attribute__((noinline)) int connect_speaking(struct attempt *a)
{
	struct conversion c;
	bool brokers = is_brokers(a), owed = false;
	int result = brokers && engine_broker() ? connect_by_broker(a) : 1;

	if (result != 1)
		return result;
	if (brokers && must_be_brokers(a))
		return refuse_alone(a);
	result = prepare(a, &c, false);
	if (result < 0)
		return result;
	result = a->mark.muxed ? 0 : set_connect_timeout(c.spare, a->rs);
	if (result == 0)
		result = route_enter(c.spare, a->fd, &a->way, a->rs->connect_timeout_us, &owed);
	if (result < 0) {
		if (result == -ETIMEDOUT && owed)
			leave(a, c.spare);
		conversion_abort(&c);
		return result;
	}
	result = put_in_place(a, &c);
	if (result < 0)
		return result;
	return c.file_flags & O_NONBLOCK ? -EINPROGRESS : 0;
}

int attempt_fresh(struct attempt *a, const struct vm_address *old_name)
{
	return route_is_straight(&a->way) ? connect_straight(a, old_name) : connect_speaking(a);
}

/* connect(), never a blocking one. 0, or a negated errno. */
static int begin_bound(struct attempt *a, int flags)
{
	int result = 0, restored = 0;

	if (!(flags & O_NONBLOCK))
		result = sys_set_flags(a->fd, flags | O_NONBLOCK);
	if (result == 0)
		result = transport_connect(a->fd, a->way.first);
	if (result < 0 && result != -EINPROGRESS)
		take_back(a->fd, &a->mark);
	if (!(flags & O_NONBLOCK))
		restored = sys_set_flags(a->fd, flags);
	return restored < 0 ? restored : result;
}

int attempt_bound(struct attempt *a, const struct subject *s)
{
	int flags = sys_fcntl(a->fd, F_GETFL, 0), result = flags;

	a->mark = s->mark;
	a->mark.restricted = a->mark.any_port = false; /* which are a listener's */
	a->mark.peer = place_of(a->to.ip, a->to.port);
	a->mark.begun = flags & O_NONBLOCK;
	if (flags >= 0)
		result = set_connect_timeout(a->fd, a->rs);
	if (result >= 0)
		result = mark_write(a->fd, &s->mark, &a->mark);
	if (result < 0)
		return result;
	return conclude(a->fd, flags, begin_bound(a, flags));
}
