/* SPDX-License-Identifier: MIT */
/*
 * calls.c - every caught call: arguments out of the program's memory, the socket logic's
 * function, results back into it
 *
 * Each function returns what the call comes to (call.h). Addresses are read once: what was
 * looked at is what is used. What is none of ours the kernel does by itself; not so connect(),
 * bind() and listen() of an IP socket, which are done here even where the rules let them pass:
 * the program could exchange the address, or the socket, after it was looked at.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../accept.h"
#include "../engine.h"
#include "../kept.h"
#include "../kernel/sys.h"
#include "../listen.h"
#include "../name.h"
#include "../option.h"
#include "../queue.h"
#include "../shutdown.h"
#include "../transport/transport.h"
#include "answers.h"
#include "call.h"
#include "lookup.h"
#include "lost.h"
#include "opening.h"
#include "privilege.h"

/* Into the program's memory, if it still is the program's */
static int give(struct call *call, unsigned argument, const void *from, size_t size)
{
	if (!call_is_there(call))
		return -ENOENT;
	return process_write(call->thread, call->data.args[argument], from, size);
}

/* ---- addresses ---- */

int call_read_address(struct call *call, uint64_t at, int len)
{
	if (len < 0 || (size_t)len > sizeof call->address)
		return -EINVAL;
	call->address_len = (socklen_t)len;
	return len ? process_read(call->thread, at, &call->address, (size_t)len) : 0;
}

static int read_address(struct call *call)
{
	return call_read_address(call, call->data.args[1], call_argument(call, 2));
}

/* Room for an address that the program wants to have. */
struct answer {
	struct sockaddr_storage room;
	socklen_t len;
};

/* As move_addr_to_user() looks at the length */
static int read_length(const struct call *call, unsigned argument, socklen_t *len)
{
	int result = process_read(call->thread, call->data.args[argument], len, sizeof *len);

	return result == 0 && (int)*len < 0 ? -EINVAL : result;
}

static int write_answer(struct call *call, const struct answer *given, socklen_t room)
{
	socklen_t size = given->len < room ? given->len : room;
	int result = size ? give(call, 1, &given->room, size) : 0;

	return result ?: give(call, 2, &given->len, sizeof given->len);
}

/* ---- bind(), listen(), accept(), shutdown() ---- */

/* Was this bind() refused for want of a privilege that the program has where it is? Without a
 * rule for listeners nothing hangs on it that it is done by the kernel. */
static bool is_kernels(const struct call *call)
{
	const struct ruleset *rs = rules();

	return call->family == FAMILY_IP && !rs->listen_count &&
	       rs->default_listen == ACTION_PASS && privilege_is_elsewhere(call->thread);
}

/* Call @listens, which may make a file, as the program would make it. */
static int as_program(struct call *call, int (*listens)(struct call *call))
{
	bool files = muxer_is_meant(rules());
	int result = files ? privilege_become(call->thread) : 0;

	if (result < 0)
		return result;
	result = listens(call);
	if (files)
		privilege_return();
	return result;
}

static int bind_by_rules(struct call *call)
{
	bool taken_up = privilege_take_up(call->thread);
	int result =
		listen_bind(call->fd, (struct sockaddr *)&call->address, call->address_len);

	if (taken_up)
		privilege_lay_down();
	return result;
}

static int do_bind(struct call *call)
{
	int result;

	if (call->family == FAMILY_OTHER)
		return CALL_CONTINUE;
	result = read_address(call);
	if (result < 0)
		return result;
	if (!call_is_there(call))
		return -ENOENT;
	result = as_program(call, bind_by_rules);
	return result == -EACCES && is_kernels(call) ? CALL_CONTINUE : result;
}

static int listen_by_rules(struct call *call)
{
	return listen_listen(call->fd, call_argument(call, 1));
}

static int do_listen(struct call *call)
{
	if (call->family == FAMILY_OTHER)
		return CALL_CONTINUE;
	return call_is_there(call) ? as_program(call, listen_by_rules) : -ENOENT;
}

static int do_shutdown(struct call *call)
{
	if (call->family != FAMILY_OURS)
		return CALL_CONTINUE;
	return call_is_there(call) ? shutdown_socket(call->fd, call_argument(call, 1))
				   : -ENOENT;
}

/* Give the program the connection, and its peer's address before that. */
static int hand_over(struct call *call, int accepted, const struct answer *peer,
		     const socklen_t *room, int flags)
{
	int result = room ? write_answer(call, peer, *room) : 0;

	if (result == 0)
		result = call_add_descriptor(call, accepted, -1, flags & SOCK_CLOEXEC);
	if (result < 0 && (call->gone || result == -EMFILE)) {
		lost_accepted(call, accepted, &peer->room, peer->len);
		return result;
	}
	call_close(call, accepted);
	return result < 0 ? result : CALL_ANSWERED;
}

static int do_accept(struct call *call)
{
	int flags = call->data.nr == SYS_accept4 ? call_argument(call, 3) : 0, accepted, result;
	bool named = call->data.args[1] != 0;
	struct answer peer = {.len = sizeof peer.room};
	socklen_t room = 0;

	if (call->family != FAMILY_OURS)
		return CALL_CONTINUE;
	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	accepted = call_result(
		accept_connection(call->fd, (struct sockaddr *)&peer.room, &peer.len, flags));
	if (accepted < 0)
		return accepted;
	/* the length is looked at last, as the kernel does */
	result = named ? read_length(call, 2, &room) : 0;
	if (result == 0)
		return hand_over(call, accepted, &peer, named ? &room : NULL, flags);
	sys_close(accepted);
	return result;
}

/* ---- names ---- */

static int give_name(struct call *call, int (*name)(int, struct sockaddr *, socklen_t *))
{
	struct answer given = {.len = sizeof given.room};
	socklen_t room = 0;
	int result;

	if (call->family == FAMILY_OURS)
		result = name(call->fd, (struct sockaddr *)&given.room, &given.len);
	else if (lookup_name(call->fd, name == name_peer, &given.room, &given.len))
		result = 0;
	else
		return CALL_CONTINUE;
	if (result == 0)
		result = read_length(call, 2, &room);
	return result < 0 ? result : write_answer(call, &given, room);
}

static int do_getsockname(struct call *call)
{
	return give_name(call, name_local);
}

static int do_getpeername(struct call *call)
{
	return give_name(call, name_peer);
}

/* ---- options ---- */

#define VALUE_MOST 4096 /* bytes of any option that is ours */

static int do_getsockopt(struct call *call)
{
	char value[VALUE_MOST];
	socklen_t room, len;
	int result;

	if (call->family != FAMILY_OURS)
		return CALL_CONTINUE;
	result = process_read(call->thread, call->data.args[4], &room, sizeof room);
	if (result < 0)
		return result;
	len = (int)room > VALUE_MOST ? VALUE_MOST : room;
	memset(value, 0, sizeof value);
	result = option_get(call->fd, call_argument(call, 1), call_argument(call, 2), value,
			    &len);
	if (result < 0)
		return result;
	if (len && (int)len <= VALUE_MOST)
		result = give(call, 3, value, len);
	return result ?: give(call, 4, &len, sizeof len);
}

/* Which only the privileged may set, or some values of which. The kernel does that by itself:
 * the supervisor has other privileges than the program. */
static bool takes_privilege(int level, int name)
{
	return level == SOL_SOCKET &&
	       (name == SO_MARK || name == SO_PRIORITY || name == SO_BUSY_POLL ||
		name == SO_SNDBUFFORCE || name == SO_RCVBUFFORCE || name == SO_DEBUG ||
		name == SO_BINDTODEVICE);
}

/* On a TCP socket the kernel does it; that it was done is to be known when it is converted. */
static void note_option(int level, int name)
{
	int index = option_find(level, name);

	if (index >= 0)
		engine_option((unsigned)index);
}

static int do_setsockopt(struct call *call)
{
	int level = call_argument(call, 1), name = call_argument(call, 2), result;
	int len = call_argument(call, 4);
	char value[VALUE_MOST];

	if (call->family != FAMILY_OTHER)
		note_option(level, name);
	if (call->family != FAMILY_OURS || takes_privilege(level, name))
		return CALL_CONTINUE;
	if (len < 0)
		return -EINVAL;
	if (len > VALUE_MOST)
		len = VALUE_MOST;
	result = len ? process_read(call->thread, call->data.args[3], value, (size_t)len) : 0;
	if (result < 0)
		return result;
	return call_is_there(call) ? option_set(call->fd, level, name, value, (socklen_t)len)
				   : -ENOENT;
}

/* ---- queues ---- */

static int do_ioctl(struct call *call)
{
	int answer, result;

	bool owner = call->data.args[1] == FIOSETOWN || call->data.args[1] == SIOCSPGRP;

	engine_any_owner = engine_any_owner || owner;
	if (call->family != FAMILY_OURS || owner)
		return CALL_CONTINUE;
	result = queue_ioctl(call->fd, (unsigned long)call->data.args[1], &answer);
	return result < 0 ? result : give(call, 2, &answer, sizeof answer);
}

/* ---- duplicates, and epolls ---- */

/* Could what lies there be converted yet, or exchanged for what a broker has? */
static bool is_to_become(int fd, enum subject_family family)
{
	uint8_t state;
	socklen_t len = sizeof state;
	struct mark head;

	if (family == FAMILY_OURS)
		return mark_head(fd, &head) == 1 && head.pending;
	return family == FAMILY_IP &&
	       sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &len) == 0 &&
	       state == TCP_CLOSE;
}

static int do_dup(struct call *call)
{
	if (!engine_any_duplicate && is_to_become(call->fd, call->family))
		engine_any_duplicate = true;
	return CALL_CONTINUE;
}

static int do_fcntl(struct call *call)
{
	int command = call_argument(call, 1);

	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
		return do_dup(call);
	engine_any_owner = true;
	return CALL_CONTINUE;
}

static int do_epoll_create(struct call *call)
{
	process_made_epoll(call->process);
	return CALL_CONTINUE;
}

/* ---- all of them ---- */

static const struct caught {
	long number;
	const char *name;
	int (*serve)(struct call *call);
	bool for_ours; /* of other sockets nothing is to be known */
} calls[] = {
	{SYS_connect, "connect", open_connect, false},
	{SYS_accept4, "accept4", do_accept, true},
#ifdef SYS_accept
	{SYS_accept, "accept", do_accept, true},
#endif
	{SYS_getsockopt, "getsockopt", do_getsockopt, true},
	{SYS_setsockopt, "setsockopt", do_setsockopt, false},
	{SYS_getsockname, "getsockname", do_getsockname, true},
	{SYS_getpeername, "getpeername", do_getpeername, true},
	{SYS_bind, "bind", do_bind, false},
	{SYS_listen, "listen", do_listen, false},
	{SYS_shutdown, "shutdown", do_shutdown, true},
	{SYS_ioctl, "ioctl", do_ioctl, true},
	{SYS_fcntl, "fcntl", do_fcntl, false},
	{SYS_dup, "dup", do_dup, false},
#ifdef SYS_dup2
	{SYS_dup2, "dup2", do_dup, false},
#endif
	{SYS_dup3, "dup3", do_dup, false},
#ifdef SYS_epoll_create
	{SYS_epoll_create, "epoll_create", do_epoll_create, false},
#endif
	{SYS_epoll_create1, "epoll_create1", do_epoll_create, false},
	{SYS_sendto, "sendto", open_and_send, false},
	{SYS_sendmsg, "sendmsg", open_and_send, false},
	{SYS_sendmmsg, "sendmmsg", open_and_send, false},
};

static const struct caught *find(const struct call *call)
{
	static const struct caught none = {.name = "?"};

	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		if (calls[i].number == call->data.nr)
			return &calls[i];
	return &none;
}

const char *call_name(const struct call *call)
{
	return find(call)->name;
}

bool call_has_descriptor(const struct call *call)
{
	return find(call)->serve != do_epoll_create;
}

/* ---- what is it about? ---- */

static enum subject_family family_by_mark(struct call *call)
{
	struct mark head;

	if (mark_head(call->fd, &head) != 1)
		return FAMILY_OTHER;
	call->hands_down = head.inherit;
	return FAMILY_OURS;
}

/* Nobody is to be asked twice: of those that act on ours alone, is it one? */
static enum subject_family family_of(struct call *call)
{
	int domain;

	if (find(call)->for_ours)
		return family_by_mark(call);
	domain = call_ask_name(call);
	if (transport_is_family(domain))
		return family_by_mark(call);
	/* SMC is TCP by another way, under the same addresses */
	return domain == AF_INET || domain == AF_INET6 || domain == AF_SMC ? FAMILY_IP
									   : FAMILY_OTHER;
}

/* Does the kernel find fault with something else first, and does nothing hang on it that it is
 * asked about a number which another thread may open just now? */
static bool is_kernels_to_refuse(const struct call *call)
{
	int (*serve)(struct call * call) = find(call)->serve;

	return serve == do_dup || serve == do_setsockopt;
}

/* The process, and what the call is about; a descriptor, or a negated errno. */
static int get_hold(struct call *call)
{
	int result = process_find(call->thread, &call->process);

	if (result < 0)
		return result;
	call->number = call_argument(call, 0);
	return call_hold(call, call->number);
}

int call_begin(struct call *call)
{
	call->fd = -1;
	if (!call_has_descriptor(call))
		return process_find(call->thread, &call->process);
	call->fd = get_hold(call);
	if (call->fd < 0 && call->process && process_has_ended(call->process))
		call->fd = get_hold(call);
	if (call->fd < 0)
		return call->fd == -EBADF && is_kernels_to_refuse(call) ? CALL_CONTINUE
									: call->fd;
	call->family = family_of(call);
	return 0;
}

int call_serve(struct call *call)
{
	int (*serve)(struct call * call) = find(call)->serve;

	return serve ? serve(call) : -ENOSYS;
}
