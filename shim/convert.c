/* SPDX-License-Identifier: MIT */
/*
 * convert.c - the exchange of sockets under a descriptor
 */
#include "convert.h"

#include <netinet/tcp.h>
#include <string.h>

#include "../config/address.h"
#include "buffer.h"
#include "carry.h"
#include "engine.h"
#include "kernel/endpoint.h"
#include "kernel/sys.h"
#include "port.h"
#include "transport/transport.h"

/* Linux's; libc's <netinet/in.h> of some systems lacks it. */
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* The domain of the sockets that transport.h makes, for begin() */
#define OURS AF_UNSPEC

/* ---- what is it? ---- */

/* No state of TCP's; those begin at 1. */
#define NOT_TCP 0

/* What is left to tell a socket by when it cannot be asked for its name or options: poll() says
 * that an unconnected TCP socket hangs up, and one for datagrams does not. */
static int state_by_poll(int fd, int error)
{
	int events = sys_poll_now(fd, 0);

	return events < 0 || events & POLLHUP ? error : NOT_TCP;
}

/*
 * The state of a TCP socket, NOT_TCP, or a negated errno if the kernel does not say. One byte
 * of TCP_INFO is the state. (Older kernels have none of MPTCP.)
 */
static int tcp_state(int fd)
{
	uint8_t state;
	socklen_t len = sizeof state;
	int protocol = IPPROTO_TCP;
	int result = sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &len);

	if (result == 0)
		return state;
	if (sys_no_option(result))
		sys_getsockopt_int(fd, SOL_SOCKET, SO_PROTOCOL, &protocol);
	if (protocol == IPPROTO_TCP) /* or not known */
		return state_by_poll(fd, result);
	return protocol == IPPROTO_MPTCP ? TCP_CLOSE : NOT_TCP;
}

/* A TCP socket that has no port is in no other state; most were made here, as TCP sockets. */
static bool known_unconnected(int fd, const struct subject *subject)
{
	return !subject->local.port && engine_is_made(fd);
}

static int inspect_ours(int fd, const struct vm_address *name, struct subject *subject)
{
	int result = mark_read(fd, &subject->mark);

	if (result == 1)
		subject->kind = SUBJECT_CONVERTED;
	subject->name = *name;
	return result < 0 ? result : 0;
}

static int inspect_ip(int fd, bool v6, struct subject *subject)
{
	int state = known_unconnected(fd, subject) ? TCP_CLOSE : tcp_state(fd);

	if (state > NOT_TCP)
		subject->kind = SUBJECT_TCP;
	subject->tcp_state = state;
	subject->v6 = v6;
	return state < 0 ? state : 0;
}

/* Where even the name is not to be had: is it a socket of a kind that the rules never mean? */
static bool is_foreign(int fd)
{
	int domain, protocol;

	if (sys_getsockopt_int(fd, SOL_SOCKET, SO_DOMAIN, &domain) < 0 ||
	    transport_may_be_meant(rules(), domain))
		return false;
	if (domain != AF_INET && domain != AF_INET6)
		return true;
	return sys_getsockopt_int(fd, SOL_SOCKET, SO_PROTOCOL, &protocol) == 0 &&
	       protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP;
}

int inspect(int fd, struct subject *subject)
{
	union {
		struct sockaddr any;
		struct sockaddr_storage room;
	} name;
	socklen_t len = sizeof name;
	struct vm_address own;
	int result = engine_name(fd, &name, &len);

	subject->kind = SUBJECT_OTHER;
	if (result < 0)
		return sys_no_socket(result) || is_foreign(fd) ? 0 : state_by_poll(fd, result);
	if (transport_read_name(&name, len, &own))
		return inspect_ours(fd, &own, subject);
	if (endpoint_parse(&name.any, len, &subject->local))
		return inspect_ip(fd, name.any.sa_family == AF_INET6, subject);
	return 0;
}

const char *inspect_failed(int error)
{
	if (error != EPERM && error != EACCES && error != ENOSYS)
		return "";
	return "a seccomp filter, most likely the program's own, forbids to ask, and no "
	       "rule is decided about by guess";
}

/* ---- the exchange ---- */

int conversion_mark(const struct conversion *c, const struct ruleset *rs, const struct mark *m)
{
	struct mark before;
	bool marked = c->late && mark_read(c->spare, &before) == 1;
	int result = mark_write(c->spare, marked ? &before : NULL, m);

	if (result == 0)
		result = buffer_enlarge(c->spare, rs);
	if (result == 0)
		result = carry_low_water(c->fd, c->spare);
	return result == 0 && m->muxed ? carry_send_buffer(c->fd, c->spare, m->v6) : result;
}

/* Who gets SIGIO; asked only where somebody may have been named, which is rare. */
static int carry_signal_owner(int from, int to)
{
	struct f_owner_ex owner;
	int signal = sys_fcntl(from, F_GETSIG, 0);
	int result = sys_fcntl(from, F_GETOWN_EX, (long)&owner);

	if (signal < 0)
		return signal;
	if (result == 0)
		result = sys_fcntl(to, F_SETOWN_EX, (long)&owner);
	if (result == 0 && signal > 0)
		result = sys_fcntl(to, F_SETSIG, signal);
	return result;
}

/* Does another socket lie under @fd than that of this cookie? 1, 0, or a negated errno. */
static int is_another(int fd, uint64_t cookie)
{
	uint64_t found;
	int result = sys_cookie(fd, &found);

	if (sys_no_socket(result))
		return 1;
	return result < 0 ? result : found != cookie;
}

/*
 * May what lies under @fd become another socket during a conversion? Another thread may close
 * it, and duplicates are told by what they are; else two system calls are saved. (A signal
 * handler that closes it in just these microseconds may close it in vain.)
 */
static bool must_be_guarded(int fd)
{
	return engine_has_threads() || engine_has_duplicate(fd);
}

/* What the program's own descriptor is; 0, or a negated errno. */
static int look_at_old(struct conversion *c)
{
	int result = must_be_guarded(c->fd) ? sys_cookie(c->fd, &c->cookie) : 0;

	if (result == 0)
		c->file_flags = result = sys_fcntl(c->fd, F_GETFL, 0);
	if (result >= 0)
		result = engine_close_on_exec(c->fd);
	c->close_on_exec = result > 0;
	return result < 0 ? result : 0;
}

/* Give the new socket what the old one has; 0, or a negated errno. */
static int carry(struct conversion *c)
{
	uint64_t options = engine_options(c->fd);
	int result = options ? carry_options(c->fd, c->spare, options) : 0;

	c->carried_options = result > 0;
	if (result >= 0 && (c->file_flags & O_ASYNC || engine_has_owner(c->fd)))
		result = carry_signal_owner(c->fd, c->spare);
	return result < 0 ? result : 0;
}

/* Of AF_INET, AF_INET6, or a transport's */
static int make(int domain, bool muxed, int flags)
{
	return domain == OURS ? transport_socket(muxed, flags)
			      : sys_socket(domain, SOCK_STREAM | flags, 0);
}

void conversion_abort(struct conversion *c)
{
	sys_close(c->spare);
}

/* A socket to put under @fd: with its carried options, and close-on-exec. One of ours is
 * non-blocking until the end, for connect(). @given: it is there already; or -1 */
static int begin(struct conversion *c, int fd, int domain, bool muxed, int given)
{
	int result, flags = SOCK_CLOEXEC;

	*c = (struct conversion){
		.fd = fd, .spare = given, .muxed = muxed, .nonblocking = domain == OURS};
	result = look_at_old(c);
	if (result < 0) {
		if (given >= 0)
			conversion_abort(c);
		return result;
	}
	if (c->nonblocking || c->file_flags & O_NONBLOCK)
		flags |= SOCK_NONBLOCK;
	if (given < 0)
		c->spare = make(domain, muxed, flags);
	if (c->spare < 0)
		return c->spare;
	result = carry(c);
	if (result < 0)
		conversion_abort(c);
	return result;
}

int conversion_begin(struct conversion *c, int fd, bool muxed)
{
	return begin(c, fd, OURS, muxed, -1);
}

int conversion_begin_with(struct conversion *c, int fd, int spare)
{
	int result = begin(c, fd, OURS, true, spare);

	c->late = true;
	return result;
}

/* Put the socket of @new under the duplicate @fd, where that of @old is; all or nothing. */
static int replace_one(int new, int old, int fd, bool late)
{
	struct carried carried;
	int close_on_exec = engine_close_on_exec(fd), result;

	if (close_on_exec < 0)
		return close_on_exec;
	result = late ? engine_take_out_late(fd, &carried) : engine_take_out(fd, &carried);
	if (result == 0)
		result = engine_exchange(new, fd, close_on_exec);
	if (result < 0) {
		engine_put_back(fd, &carried);
		return result;
	}
	result = engine_put_back(fd, &carried);
	if (result < 0) {
		engine_exchange(old, fd, close_on_exec);
		engine_put_back(fd, &carried);
	}
	return result;
}

/* Give a duplicate of the program's descriptor the new socket too, if it still is one. */
static int replace_duplicate(int fd, const void *argument)
{
	const struct conversion *c = argument;
	int result = fd == c->fd ? 1 : is_another(fd, c->cookie);

	if (result)
		return result < 0 ? result : 0;
	result = replace_one(c->spare, c->fd, fd, c->late);
	if (result == 0)
		engine_converted(fd);
	return result;
}

/* The opposite, as far as it was done. (What was given a shared socket keeps it: it cannot be
 * told from those that had it before, and is one of the listeners that the program wanted.) */
static int restore_duplicate(int fd, const void *argument)
{
	const struct conversion *c = argument;
	uint64_t cookie;

	if (!c->shared && fd != c->fd && fd != c->spare && sys_cookie(c->spare, &cookie) == 0 &&
	    is_another(fd, cookie) == 0)
		replace_one(c->fd, c->spare, fd, c->late);
	return 0;
}

/*
 * Put the new socket under the program's descriptor. Where there are threads, another may have
 * closed that meanwhile, and the number may be somebody else's by now: looked at last of all,
 * since the kernel has no exchange on condition.
 */
static int exchange(const struct conversion *c)
{
	int another = c->cookie ? is_another(c->fd, c->cookie) : 0;

	if (another)
		return another < 0 ? another : -EBADF;
	return engine_exchange(c->spare, c->fd, c->close_on_exec);
}

int conversion_commit(struct conversion *c)
{
	bool duplicates = engine_has_duplicate(c->fd);
	int result = c->late ? engine_take_out_late(c->fd, &c->carried)
			     : engine_take_out(c->fd, &c->carried);

	if (result == 0 && duplicates)
		result = engine_each_duplicate(c->fd, replace_duplicate, c);
	if (result == 0)
		result = exchange(c);
	if (result < 0) {
		if (duplicates)
			engine_each_duplicate(c->fd, restore_duplicate, c);
		engine_put_back(c->fd, &c->carried);
		conversion_abort(c);
		return result;
	}
	engine_converted(c->fd);
	return 0;
}

/* The descriptor's own flags. Those of a shared socket are its holder's. */
static int set_flags(const struct conversion *c)
{
	if (c->shared)
		return 0;
	if (c->file_flags & O_ASYNC)
		return engine_set_flags(c->fd, c->file_flags);
	if (c->nonblocking && !(c->file_flags & O_NONBLOCK))
		return sys_set_flags(c->spare, c->file_flags);
	return 0;
}

/* Does the new socket still lie under the program's descriptor? 1, 0, or a negated errno. */
static int is_in_place(const struct conversion *c)
{
	uint64_t cookie;
	int result = sys_cookie(c->spare, &cookie);

	if (result == 0)
		result = is_another(c->fd, cookie);
	return result < 0 ? result : !result;
}

int conversion_finish(struct conversion *c)
{
	int result = engine_put_back(c->fd, &c->carried), flags = set_flags(c);

	result = result ?: flags;
	if (result < 0 && is_in_place(c) == 0) /* another thread has closed it */
		result = 0;
	engine_let_go(c->spare);
	return result;
}

int conversion_exchange(struct conversion *c, const struct mark *m)
{
	int result = conversion_commit(c);
	struct mark unbound;

	if (result < 0)
		return result;
	result = conversion_finish(c);
	if (result < 0) {
		unbound = *m;
		unbound.local = (struct place){.kind = PLACE_NONE};
		conversion_recall(c, &unbound, result);
	}
	return result;
}

int conversion_complete(struct conversion *c, const struct ruleset *rs, const struct mark *m)
{
	int result = conversion_mark(c, rs, m);

	if (result == 0)
		return conversion_exchange(c, m);
	conversion_abort(c);
	return result;
}

/* ---- and back ---- */

static int bind_again(int fd, const struct mark *m)
{
	struct endpoint local = {.port = m->local.port};
	struct sockaddr_storage addr;
	socklen_t len = sizeof addr;
	int result;

	if (m->local.kind == PLACE_NONE && !m->local.port)
		return 0;
	place_ip(&m->local, m->v6, local.ip);
	endpoint_store(&local, m->v6, (struct sockaddr *)&addr, &len);
	result = sys_bind(fd, &addr, len);
	if (result != -EADDRINUSE || !port_is_local(local.port))
		return result;
	/* most likely the program asked for any port, and TCP has this one in use: another */
	local.port = 0;
	len = sizeof addr;
	endpoint_store(&local, m->v6, (struct sockaddr *)&addr, &len);
	return sys_bind(fd, &addr, len);
}

/* @flags: those of the program; NULL: those that the descriptor has */
static int undo(int fd, const struct mark *m, const int *flags)
{
	struct conversion c;
	int result = begin(&c, fd, m->v6 ? AF_INET6 : AF_INET, false, -1);

	if (result < 0)
		return result;
	c.nonblocking = flags && *flags != c.file_flags;
	c.file_flags = flags ? *flags : c.file_flags;
	result = carry_back(c.spare, m);
	if (result == 0)
		result = bind_again(c.spare, m);
	if (result < 0) {
		conversion_abort(&c);
		return result;
	}
	return conversion_commit(&c) ?: conversion_finish(&c);
}

int conversion_undo(int fd, const struct mark *m)
{
	return undo(fd, m, NULL);
}

int conversion_recall(struct conversion *c, const struct mark *m, int error)
{
	if (undo(c->fd, m, &c->file_flags) == 0)
		engine_put_back(c->fd, &c->carried);
	return error;
}
