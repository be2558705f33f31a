/* SPDX-License-Identifier: MIT */
/*
 * dial.c - the other side of a connection: where it is, and the dialogue with it
 */
#include "dial.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "../../config/address.h"
#include "../../shim/buffer.h"
#include "../../shim/kernel/sys.h"
#include "../../shim/mark.h"
#include "../../shim/port.h"
#include "../../shim/route/route.h"
#include "../../shim/route/speak.h"
#include "../../shim/transport/transport.h"
#include "carry.h"
#include "hold.h"

/* How long to wait while a VMM has not taken those who came before. */
#define QUEUE_MS 10

/* ---- how it ends ---- */

/**
 * leave() - nobody wants this connection any more
 *
 * A muxer's socket is kept until it has answered.
 */
static void leave(struct worker *w, struct connection *c)
{
	if (c->state == STATE_DIALOGUE && dialogue_is_owed(&c->dialogue))
		hold_adopt(w, c);
	else
		work_end(w, c);
}

/**
 * fail() - the program is to see this error
 * @error: positive
 * @answered: was the other side's last word, so that it can be closed
 */
static void fail(struct worker *w, struct connection *c, int error, bool answered)
{
	atomic_fetch_add(&w->kept->shared->failed, 1);
	outcome_note(&w->kept->memory->outcomes, c->cookie, (uint32_t)error);
	if (answered)
		work_end(w, c);
	else
		leave(w, c);
}

/**
 * succeed() - the program is to see that it is connected
 */
static void succeed(struct worker *w, struct connection *c)
{
	struct broker_request request;

	if (sys_recv(c->program, &request, sizeof(request), MSG_DONTWAIT) != sizeof(request)) {
		work_end(w, c);
		return;
	}
	carry_begin(w, c);
}

/* ---- the dialogue ---- */

/**
 * go_on() - say or hear what can be said or heard now
 */
static void go_on(struct worker *w, struct connection *c)
{
	bool said = dialogue_is_owed(&c->dialogue);
	int result = speak(c->onward, &c->dialogue);

	if (result == 0 && !said) /* a fast one has answered already */
		result = speak(c->onward, &c->dialogue);
	if (result < 0)
		fail(w, c, -result, true);
	else if (result > 0)
		succeed(w, c);
}

/**
 * reach() - connect to the other side
 */
static void reach(struct worker *w, struct connection *c)
{
	int result = transport_connect(c->onward, c->to);

	if (result == -EAGAIN && w->now < c->limit) {
		table_wake(&w->table, c, w->now + QUEUE_MS);
		return;
	}
	if (result < 0) {
		fail(w, c, result == -EAGAIN ? ETIMEDOUT : muxer_tcp_error(-result), true);
		return;
	}
	table_state(&w->table, c, STATE_DIALOGUE);
	table_wake(&w->table, c, c->limit);
	speak_begin(&c->dialogue, c->to);
	if (!work_watch(w, c, c->onward, ROLE_ONWARD))
		fail(w, c, ENOMEM, true);
	else if (route_speaks(c->to))
		go_on(w, c);
	else
		succeed(w, c);
}

/* ---- the socket ---- */

/**
 * mark_of() - what a connection's socket has to say of itself
 */
static struct mark mark_of(const struct broker_connect *asked)
{
	struct mark m = {
		.v6 = asked->v6,
		.v6only = asked->v6only,
		.begun = asked->nonblocking,
		.muxed = true,
		.peer = place_of(asked->ip, asked->port),
	};

	if (asked->local_port != 0 || !ip_is_unspecified(asked->local_ip))
		m.local = place_of(asked->local_ip, asked->local_port);
	return m;
}

/**
 * bind_onward() - to the port that the program would like, or to one of ours
 * Return: 0, or a negated errno
 */
static int bind_onward(int fd, struct mark *m)
{
	struct vm_address own = {CID_ANY, m->local.port, ""};
	int result = own.port ? transport_bind(fd, own) : -EADDRINUSE;

	if (result != -EADDRINUSE && result != -EACCES)
		return result;
	m->local.port = 0; /* then the kernel's number is shown */
	(void)bind_client_port(fd, true);
	return 0;
}

/**
 * make_onward() - the socket that the program will have
 * Return: it, or a negated errno
 */
static int make_onward(const struct worker *w, const struct broker_connect *asked)
{
	struct mark m = mark_of(asked);
	int fd = transport_socket(true, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int result = fd < 0 ? fd : bind_onward(fd, &m);

	if (result == 0)
		result = mark_write(fd, NULL, &m);
	if (result == 0)
		result = buffer_enlarge(fd, w->rules);
	if (result < 0 && fd >= 0)
		sys_close(fd);
	return result < 0 ? result : fd;
}

/**
 * decide() - where the rules lead; 0, or an errno
 * @to: filled in
 */
static int decide(const struct worker *w, const struct broker_connect *asked,
		  struct vm_address *to)
{
	struct endpoint ep = {.port = asked->port};
	char name[HOST_MAX + 1];
	struct decision decision;

	memcpy(ep.ip, asked->ip, sizeof(ep.ip));
	decision = names_decide(&w->kept->memory->names, w->rules, &ep, name);
	if (decision.action == ACTION_DENY)
		return ECONNREFUSED;
	*to = route_first(w->rules, &decision);
	if (decision.action != ACTION_VSOCK || !to->path) /* nothing for a broker */
		return EPROTO;
	return 0;
}

void dial_begin(struct worker *w, struct connection *c, const struct broker_request *request)
{
	uint64_t timeout = w->rules->connect_timeout_us;
	int error = decide(w, &request->connect, &c->to);

	c->cookie = request->head.cookie;
	c->limit = w->now + (timeout ? (int64_t)(timeout / 1000) : DIALOGUE_USUAL_MS);
	table_state(&w->table, c, STATE_DIALLING);
	if (error == 0) {
		c->onward = make_onward(w, &request->connect);
		error = c->onward < 0 ? tcp_error(-c->onward) : 0;
	}
	if (error)
		fail(w, c, error, true);
	else
		reach(w, c);
}

/* ---- what becomes of it ---- */

void dial_event(struct worker *w, struct connection *c, enum role role, uint32_t events)
{
	if (role == ROLE_PROGRAM && events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		leave(w, c); /* closed, or shut down: it does not want this any more */
	else if (role == ROLE_ONWARD && c->state == STATE_DIALOGUE)
		go_on(w, c);
}

void dial_time(struct worker *w, struct connection *c)
{
	if (c->state == STATE_DIALLING)
		reach(w, c);
	else
		fail(w, c, ETIMEDOUT, false);
}
