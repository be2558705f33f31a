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
#include "../known.h"
#include "../log/log.h"
#include "dns.h"
#include "resolver.h"
#include "responder.h"

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
		return rs->takes_names || resolver_is_known(call->process);
	case IPPROTO_TCP:
		return is_in_vain(rs, &to) && is_fresh(call->fd);
	default:
		return false;
	}
}

/* ---- queries by nobody's connection ---- */

#define QUERY_MAX 512 /* as in filter.c */

static bool is_to_name_server(struct call *call)
{
	struct endpoint to;

	return call_read_address(call, call->data.args[4], call_argument(call, 5)) == 0 &&
	       endpoint_parse((const struct sockaddr *)&call->address, call->address_len,
			      &to) &&
	       to.port == DNS_PORT;
}

bool lookup_holds_back(struct call *call)
{
	size_t size = (size_t)call->data.args[2];
	struct dns_question question;
	uint8_t query[QUERY_MAX];

	if (call->data.nr != SYS_sendto || call->family != FAMILY_IP || call->again ||
	    !rules()->takes_names || size > sizeof query ||
	    protocol_of(call->fd) != IPPROTO_UDP || !is_to_name_server(call) ||
	    process_read(call->thread, call->data.args[1], query, size) < 0 ||
	    !dns_read(query, size, &question) || !known_service(question.name))
		return false;
	log_loading(LOG_DECISIONS, "look-up", question.name,
		    "a rule takes it: its query is not sent, and its resolver takes no other "
		    "answer (neither glibc's nor Go's)");
	return true;
}

/* ---- the responder ---- */

/* Where it listens: for what speaks as by UDP, and as by TCP */
static struct place {
	struct sockaddr_un name;
	socklen_t len;
} places[2];

static int responder = -1; /* its pidfd; -1: there is none */

/* A listener, by a name of the kernel's choice; or a negated errno */
static int listen_at(int type, struct place *place)
{
	int fd = sys_socket(AF_UNIX, type | SOCK_CLOEXEC, 0), result;

	if (fd < 0)
		return fd;
	place->name.sun_family = AF_UNIX;
	place->len = sizeof place->name;
	result = sys_bind(fd, &place->name, sizeof place->name.sun_family);
	if (result == 0)
		result = sys_listen(fd, SOMAXCONN);
	if (result == 0)
		result = sys_getsockname(fd, &place->name, &place->len);
	if (result < 0)
		sys_close(fd);
	return result < 0 ? result : fd;
}

/* Of what the supervisor has open, standard error alone is the log's; the first two are
 * nothing.
 */
static _Noreturn void become_responder(const int listeners[2], pid_t supervisor)
{
	(void)prctl(PR_SET_NAME, "vsockify-names", 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (int i = 0; i < 2; i++)
		if (dup2(listeners[i], RESPONDER_FIRST + i) < 0)
			_exit(1);
	SYS_CALL(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
	call_now = NULL; /* so that waiting is waiting */
	if (getppid() == supervisor)
		responder_run(supervisor);
	_exit(1);
}

static int divide(const int listeners[2])
{
	pid_t supervisor = getpid(), pid = fork();

	if (pid == 0)
		become_responder(listeners, supervisor);
	if (pid < 0)
		return -EAGAIN;
	responder = (int)SYS_CALL(SYS_pidfd_open, pid, 0);
	return responder < 0 ? responder : 0;
}

/* 0, or a negated errno */
static int start_responder(void)
{
	int listeners[2] = {-1, -1}, result;

	lookup_end(); /* of the one before, if it has ended by itself */
	listeners[0] = listen_at(SOCK_SEQPACKET, &places[0]);
	listeners[1] = listen_at(SOCK_STREAM, &places[1]);
	result = listeners[0] < 0 ? listeners[0] : listeners[1];
	if (result >= 0)
		result = divide(listeners);
	for (int i = 0; i < 2; i++)
		if (listeners[i] >= 0)
			sys_close(listeners[i]);
	return result;
}

static int connect_there(int fd, bool stream)
{
	return responder < 0 ? -ECONNREFUSED
			     : sys_connect(fd, &places[stream].name, places[stream].len);
}

/* To a new one, if the one before has ended. Where it has no room for one more: -EAGAIN. */
static int reach_responder(int fd, bool stream)
{
	int result = connect_there(fd, stream);

	if (result != -ECONNREFUSED)
		return result;
	return start_responder() ?: connect_there(fd, stream);
}

/* What it is to know, and the program's own socket, before the program can say a word */
static int send_order(int fd, const struct responder_order *order, int own)
{
	struct iovec part = {(void *)order, sizeof *order};
	union {
		char room[CMSG_SPACE(sizeof own)];
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
	head->cmsg_len = CMSG_LEN(sizeof own);
	memcpy(CMSG_DATA(head), &own, sizeof own);
	sent = SYS_CALL(SYS_sendmsg, fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent < 0 ? (int)sent : 0;
}

void lookup_end(void)
{
	if (responder < 0)
		return;
	SYS_CALL(SYS_pidfd_send_signal, responder, SIGKILL, NULL, 0);
	sys_close(responder);
	responder = -1;
}

/* ---- names ---- */

/* The abstract name of the program's socket: what it is to show, and a cookie, so that there is
 * one of each */
struct shown {
	sa_family_t family;
	char zero, begin[15];
	uint8_t v6;
	uint64_t cookie;
	struct endpoint own, peer;
};
_Static_assert(sizeof(struct shown) <= sizeof(struct sockaddr_un), "a name is no longer");

static const struct shown shown_first = {.family = AF_UNIX, .begin = "vsockify-names"};

/* @fd: what the program is to have */
static int show(int fd, const struct call *call)
{
	struct shown shown = shown_first;
	struct sockaddr_storage own;
	socklen_t len = sizeof own;
	int result = sys_cookie(fd, &shown.cookie);

	if (result < 0 || (result = sys_getsockname(call->fd, &own, &len)) < 0)
		return result;
	shown.v6 = own.ss_family == AF_INET6;
	(void)endpoint_parse((struct sockaddr *)&own, len, &shown.own);
	(void)endpoint_parse((const struct sockaddr *)&call->address, call->address_len,
			     &shown.peer);
	return sys_bind(fd, &shown, sizeof shown);
}

bool lookup_name(int fd, bool peer, struct sockaddr_storage *address, socklen_t *len)
{
	socklen_t size = sizeof(struct shown);
	struct shown shown;

	if (responder < 0 || sys_getsockname(fd, &shown, &size) < 0 || size != sizeof shown ||
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
	if (flags >= 0 && !(flags & O_NONBLOCK))
		sys_set_flags(to, O_RDWR);
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
	int result = stream ? -ENETUNREACH : connect_own(call), fd;
	struct responder_order order = {process_id(call->process), result == 0};

	if (result < 0 && !is_no_way(result))
		return result;
	fd = sys_socket(AF_UNIX,
			(stream ? SOCK_STREAM : SOCK_SEQPACKET) | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);
	if (fd < 0)
		return fd;
	result = show(fd, call);
	if (result == 0)
		result = reach_responder(fd, stream);
	if (result == 0)
		result = send_order(fd, &order, call->fd);
	take_over(call->fd, fd);
	if (result == 0)
		result = put_in_place(call, fd);
	sys_close(fd);
	return result < 0 ? result : 0;
}
