/* SPDX-License-Identifier: MIT */
/*
 * lookup.c - programs that ask a name server
 */
#include "lookup.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/un.h>

#include "../../config/host.h"
#include "../../config/stand_in.h"
#include "../connect.h"
#include "../engine.h"
#include "../kernel/endpoint.h"
#include "../kernel/sys.h"
#include "dns.h"
#include "responder.h"

static int orders = -1; /* to the responder; -1: there is none */

/* ---- is it one? ---- */

static int protocol_of(int fd)
{
	int protocol;

	return sys_getsockopt_int(fd, SOL_SOCKET, SO_PROTOCOL, &protocol) < 0 ? -1 : protocol;
}

static bool is_fresh(int fd)
{
	uint8_t state;
	socklen_t len = sizeof state;

	return sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &len) == 0 &&
	       state == TCP_CLOSE;
}

/* By TCP: do the rules take all names there are, and is it no rule of its own that leads there?
 */
static bool is_in_vain(const struct ruleset *rs, const struct endpoint *to)
{
	struct decision decision = decide_connect(rs, to);

	return host_takes_all(rs) && !stand_in_is(rs, to->ip) &&
	       (decision.action == ACTION_PASS ||
		(decision.rule >= 0 && rule_takes_names(&ruleset_connect(rs)[decision.rule])));
}

bool lookup_is(const struct call *call)
{
	const struct ruleset *rs = rules();
	struct endpoint to;

	if (call->again || call->family != FAMILY_IP || (!rs->names && !rs->takes_names) ||
	    !endpoint_parse((const struct sockaddr *)&call->address, call->address_len, &to) ||
	    to.port != DNS_PORT)
		return false;
	switch (protocol_of(call->fd)) {
	case IPPROTO_UDP:
		return true;
	case IPPROTO_TCP:
		return is_in_vain(rs, &to) && is_fresh(call->fd);
	default:
		return false;
	}
}

/* ---- the responder ---- */

/* Of what the supervisor has open, standard error alone is the log's. */
static _Noreturn void become_responder(int fd, pid_t supervisor)
{
	(void)prctl(PR_SET_NAME, "vsockify-names", 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != supervisor || dup2(fd, STDIN_FILENO) < 0)
		_exit(1);
	SYS_CALL(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
	call_now = NULL; /* so that waiting is waiting */
	responder_run(STDIN_FILENO);
}

/* 0, or a negated errno */
static int start_responder(void)
{
	pid_t supervisor = getpid(), pid;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		become_responder(ends[1], supervisor);
	sys_close(ends[1]);
	if (pid < 0) {
		sys_close(ends[0]);
		return -EAGAIN;
	}
	orders = ends[0];
	return 0;
}

static int send_order(const struct responder_order *order, const int descriptors[2])
{
	struct iovec part = {(void *)order, sizeof *order};
	union {
		char room[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr aligned;
	} control = {.room = ""};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof control.room};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	ssize_t sent;

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(head), descriptors, 2 * sizeof(int));
	sent = SYS_CALL(SYS_sendmsg, orders, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent < 0 ? (int)sent : 0;
}

/* To a new one, if the one before has ended. */
static int give_order(const struct responder_order *order, const int descriptors[2])
{
	int result = orders < 0 ? -EPIPE : send_order(order, descriptors);

	if (result != -EPIPE && result != -ECONNRESET)
		return result;
	lookup_end();
	return start_responder() ?: send_order(order, descriptors);
}

void lookup_end(void)
{
	if (orders >= 0)
		sys_close(orders);
	orders = -1;
}

/* ---- names ---- */

/* The abstract name of the responder's end: what the program's shows, and a cookie, so that
 * there is one of each */
struct shown {
	sa_family_t family;
	char zero, begin[15];
	uint8_t v6;
	uint64_t cookie;
	struct endpoint own, peer;
};
_Static_assert(sizeof(struct shown) <= sizeof(struct sockaddr_un), "a name is no longer");

static const struct shown shown_first = {.family = AF_UNIX, .begin = "vsockify-names"};

/* @end: the responder's */
static int show(int end, const struct call *call)
{
	struct shown shown = shown_first;
	struct sockaddr_storage own;
	socklen_t len = sizeof own;
	int result = sys_cookie(end, &shown.cookie);

	if (result < 0 || (result = sys_getsockname(call->fd, &own, &len)) < 0)
		return result;
	shown.v6 = own.ss_family == AF_INET6;
	(void)endpoint_parse((struct sockaddr *)&own, len, &shown.own);
	(void)endpoint_parse((const struct sockaddr *)&call->address, call->address_len,
			     &shown.peer);
	return sys_bind(end, &shown, sizeof shown);
}

bool lookup_name(int fd, bool peer, struct sockaddr_storage *address, socklen_t *len)
{
	socklen_t size = sizeof(struct shown);
	struct shown shown;

	if (orders < 0 || sys_getpeername(fd, &shown, &size) < 0 || size != sizeof shown ||
	    memcmp(&shown, &shown_first, offsetof(struct shown, v6)) != 0)
		return false;
	endpoint_store(peer ? &shown.peer : &shown.own, shown.v6, (struct sockaddr *)address,
		       len);
	return true;
}

/* ---- the program's socket ---- */

/* What was set on it that reading and writing goes by */
static void take_over(int from, int to)
{
	static const int limits[] = {SO_RCVTIMEO, SO_SNDTIMEO};
	int flags = sys_fcntl(from, F_GETFL, 0);
	struct timeval limit;

	for (int i = 0; i < 2; i++) {
		socklen_t len = sizeof limit;

		if (sys_getsockopt(from, SOL_SOCKET, limits[i], &limit, &len) == 0)
			sys_setsockopt(to, SOL_SOCKET, limits[i], &limit, sizeof limit);
	}
	if (flags >= 0 && flags & O_NONBLOCK)
		sys_set_flags(to, O_RDWR | O_NONBLOCK);
}

/* Put @end under the program's descriptor. */
static int put_in_place(struct call *call, int end)
{
	struct carried carried;
	int result = engine_take_out(call->fd, &carried), back;

	if (result < 0)
		return result;
	result = engine_exchange(end, call->fd, false);
	back = engine_put_back(call->fd, &carried);
	return result < 0 ? result : back;
}

/* Can what the connect() came to mean no more than that there is no way to the name server? */
static bool is_no_way(int result)
{
	return result == -ENETUNREACH || result == -EHOSTUNREACH || result == -ENETDOWN ||
	       result == -EADDRNOTAVAIL;
}

/* One by UDP is connected: to reach the name server, if that can be. */
static int connect_own(struct call *call)
{
	return call_result(
		shim_connect(call->fd, (struct sockaddr *)&call->address, call->address_len));
}

int lookup_lead(struct call *call)
{
	bool stream = protocol_of(call->fd) == IPPROTO_TCP;
	int result = stream ? -ENETUNREACH : connect_own(call), ends[2];
	struct responder_order order = {process_id(call->process), stream, result == 0};

	if (result < 0 && !is_no_way(result))
		return result;
	if (socketpair(AF_UNIX, (stream ? SOCK_STREAM : SOCK_SEQPACKET) | SOCK_CLOEXEC, 0,
		       ends) < 0)
		return -errno;
	take_over(call->fd, ends[0]);
	result = show(ends[1], call);
	if (result == 0)
		result = give_order(&order, (int[2]){ends[1], call->fd});
	if (result == 0)
		result = put_in_place(call, ends[0]);
	sys_close(ends[0]);
	sys_close(ends[1]);
	return result < 0 ? result : 0;
}
