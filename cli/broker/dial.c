/* SPDX-License-Identifier: MIT */
/*
 * dial.c - the other side of a connection: where it is, and the dialogue with it
 */
#include "dial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "../../config/address.h"
#include "../../config/password.h"
#include "../../shim/buffer.h"
#include "../../shim/kernel/sys.h"
#include "../../shim/mark.h"
#include "../../shim/port.h"
#include "../../shim/route/speak.h"
#include "../../shim/transport/transport.h"
#include "carry.h"
#include "hold.h"
#include "news.h"

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
static void fail(struct worker *w, struct connection *c, enum why why, int error, bool answered)
{
	atomic_fetch_add(&w->kept->shared->failed, 1);
	outcome_note(&w->kept->memory->outcomes, c->cookie, (uint32_t)error, (uint8_t)why);
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
 * read_password() - the password of the way's user
 * @password: filled in
 * Return: it; NULL if it cannot be had, which is news
 */
static const char *read_password(const struct worker *w, const struct route *way,
				 char password[PROXY_PASSWORD_MAX + 1])
{
	const char *path = ruleset_string(w->rules, way->proxy->password_file);
	const char *wrong = password_read(path, password);
	char text[256];

	if (!wrong)
		return password;
	(void)snprintf(text, sizeof(text),
		       "the password_file %.160s: %s, so no connection by the proxy at port",
		       path, wrong);
	news(text, way->first.port, "");
	return NULL;
}

/**
 * speak_now() - as speak(), with the password if one may be wanted
 */
static int speak_now(const struct worker *w, struct connection *c)
{
	char password[PROXY_PASSWORD_MAX + 1];
	const char *known = NULL;
	int result;

	if (route_has_secret(&c->way) && c->dialogue.step != STEP_SOCKS5_REQUEST)
		known = read_password(w, &c->way, password);
	result = speak(c->onward, &c->dialogue, &c->way, known);
	if (known)
		explicit_bzero(password, sizeof(password));
	return result;
}

/**
 * go_on() - say or hear what can be said or heard now
 */
static void go_on(struct worker *w, struct connection *c)
{
	int result = speak_now(w, c);

	if (result < 0)
		fail(w, c, (enum why)c->dialogue.why, -result, true);
	else if (result > 0)
		succeed(w, c);
}

/**
 * begin_dialogue() - the other side is reached
 */
static void begin_dialogue(struct worker *w, struct connection *c)
{
	table_state(&w->table, c, STATE_DIALOGUE);
	table_wake(&w->table, c, c->limit);
	speak_begin(&c->dialogue, &c->way);
	go_on(w, c);
}

/**
 * reach() - connect to the other side
 */
static void reach(struct worker *w, struct connection *c)
{
	bool muxed = c->way.first.path;
	int result = transport_connect(c->onward, c->way.first);

	if (result == -EAGAIN && muxed && w->now < c->limit) {
		table_wake(&w->table, c, w->now + QUEUE_MS);
		return;
	}
	if (result == -EAGAIN)
		result = -ETIMEDOUT;
	if (result < 0 && result != -EINPROGRESS) {
		fail(w, c, WHY_UNKNOWN, muxed ? muxer_tcp_error(-result) : tcp_error(-result),
		     true);
		return;
	}
	/* not before: a VM socket that is not connected says that it is writable */
	if (!work_watch(w, c, c->onward, ROLE_ONWARD))
		fail(w, c, WHY_UNKNOWN, ENOMEM, true);
	else if (result == 0)
		begin_dialogue(w, c);
	else
		table_wake(&w->table, c, c->limit);
}

/**
 * reached() - has a connection that was under way come to be?
 */
static void reached(struct worker *w, struct connection *c)
{
	int error = 0, result = sys_getsockopt_int(c->onward, SOL_SOCKET, SO_ERROR, &error);

	if (result < 0 || error)
		fail(w, c, WHY_UNKNOWN, result < 0 ? -result : tcp_error(error), true);
	else if (sys_connected(c->onward) == 1)
		begin_dialogue(w, c);
}

/* ---- the socket ---- */

/**
 * mark_of() - what a connection's socket has to say of itself
 */
static struct mark mark_of(const struct broker_connect *asked, bool muxed)
{
	struct mark m = {
		.v6 = asked->v6,
		.v6only = asked->v6only,
		.begun = asked->nonblocking,
		.muxed = muxed,
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
	struct vm_address own = {CID_ANY, m->local.port, m->muxed ? "" : NULL};
	int result = own.port ? transport_bind(fd, own) : -EADDRINUSE;

	if (result != -EADDRINUSE && result != -EACCES)
		return result;
	m->local.port = 0; /* then the kernel's number is shown */
	(void)bind_client_port(fd, m->muxed, is_by_ipv4(m));
	return 0;
}

/**
 * make_onward() - the socket that the program will have
 * Return: it, or a negated errno
 */
static int make_onward(const struct worker *w, const struct broker_connect *asked, bool muxed)
{
	struct mark m = mark_of(asked, muxed);
	int fd = transport_socket(muxed, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int result = fd < 0 ? fd : bind_onward(fd, &m);

	if (result == 0 && !muxed && w->rules->connect_timeout_us)
		result = transport_set_connect_timeout(fd, w->rules->connect_timeout_us);

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
 * @c: its name and way are filled in
 */
static int decide(const struct worker *w, const struct broker_connect *asked,
		  struct connection *c)
{
	struct endpoint ep = {.port = asked->port};
	struct decision decision;

	memcpy(ep.ip, asked->ip, sizeof(ep.ip));
	decision = names_decide(&w->kept->memory->names, w->rules, &ep, c->name);
	if (decision.action == ACTION_DENY)
		return ECONNREFUSED;
	c->way = route_to(w->rules, &decision, &ep, c->name);
	if (decision.action != ACTION_VSOCK ||
	    route_is_straight(&c->way)) /* nothing for a broker */
		return EPROTO;
	return 0;
}

void dial_begin(struct worker *w, struct connection *c, const struct broker_request *request)
{
	int error = decide(w, &request->connect, c);

	c->cookie = request->head.cookie;
	c->limit = w->now + route_limit_ms(&c->way, w->rules->connect_timeout_us);
	table_state(&w->table, c, STATE_DIALLING);
	if (error == 0) {
		c->onward = make_onward(w, &request->connect, c->way.first.path);
		error = c->onward < 0 ? tcp_error(-c->onward) : 0;
	}
	if (error)
		fail(w, c, WHY_UNKNOWN, error, true);
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
	else if (role == ROLE_ONWARD)
		reached(w, c);
}

void dial_time(struct worker *w, struct connection *c)
{
	enum why late = c->dialogue.step == STEP_MUXER ? WHY_MUXER : WHY_LATE;

	if (c->state == STATE_DIALOGUE)
		fail(w, c, late, ETIMEDOUT, false);
	else if (c->way.first.path) /* a VMM's queue was full */
		reach(w, c);
	else
		fail(w, c, WHY_UNKNOWN, ETIMEDOUT, true);
}
