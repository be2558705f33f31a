/* SPDX-License-Identifier: MIT */
/*
 * greet.c - somebody has connected: who is it, and what does he want?
 */
#include "greet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../shim/broker/message.h"
#include "../../shim/kernel/sys.h"
#include "attach.h"
#include "dial.h"
#include "hold.h"
#include "news.h"
#include "serve.h"
#include "status.h"

/* How long a request may take, and how many may be silent at once. */
#define REQUEST_MS 1000
#define SILENT_MAX 64

/* ---- what he wants ---- */

/**
 * welcome() - show who this is, and hand out the memory
 */
static void welcome(struct worker *w, struct connection *c)
{
	struct broker_head answer;

	broker_answer(&answer, BROKER_WELCOME, w->environment, 0);
	(void)attach_send(c->program, &answer, sizeof(answer), HANDOFF_MEMORY);
	work_end(w, c);
}

/**
 * look_up() - give a name its place in the table, if the rules take it
 */
static void look_up(struct worker *w, struct connection *c, const char *asked)
{
	struct broker_head answer;
	char name[HOST_MAX + 1];
	uint32_t error = 0;

	if (host_taking(w->rules, asked, name) != NAME_TAKEN)
		error = ENOENT;
	else if (names_add(&w->kept->memory->names, w->rules, name) < 0)
		error = ENOSPC;
	if (error == ENOSPC)
		news("no room for more than", w->kept->memory->names.count,
		     " host names: others are not found");
	broker_answer(&answer, BROKER_FOUND, w->environment, error);
	(void)sys_send(c->program, &answer, sizeof(answer), MSG_NOSIGNAL | MSG_DONTWAIT);
	work_end(w, c);
}

/**
 * tell_status() - the broker's own numbers
 */
static void tell_status(struct worker *w, struct connection *c)
{
	char text[BROKER_STATUS_SIZE];
	size_t size = status_text(w->kept, text, sizeof(text));

	(void)sys_send(c->program, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	work_end(w, c);
}

/**
 * take_held() - a muxer's socket, whose answer its program could not wait for
 * @request: room for what is read
 */
static void take_held(struct worker *w, struct connection *c, struct broker_request *request)
{
	struct attached attached;
	ssize_t size = attach_receive(c->program, request, sizeof(*request), &attached);

	if (size != sizeof(*request) || attached.count != BROKER_HOLD_DESCRIPTORS) {
		attach_close(&attached);
		work_end(w, c);
		return;
	}
	c->onward = attached.fd[0];
	hold_adopt(w, c);
}

/**
 * take_server() - a program listens; without a socket it wants to know what is free
 * @request: room for what is read
 */
static void take_server(struct worker *w, struct connection *c, struct broker_request *request)
{
	struct attached attached;
	ssize_t size = attach_receive(c->program, request, sizeof(*request), &attached);
	struct ucred owner = {.uid = 0};
	socklen_t len = sizeof(owner);
	struct broker_head answer;

	if (size != sizeof(*request) || attached.count > BROKER_LISTEN_DESCRIPTORS ||
	    sys_getsockopt(c->program, SOL_SOCKET, SO_PEERCRED, &owner, &len) < 0) {
		attach_close(&attached);
		work_end(w, c);
		return;
	}
	if (attached.count > 0) {
		serve_begin(w, &request->listen, attached.fd[0], owner.uid);
	} else {
		serve_sweep(w);
		broker_answer(&answer, BROKER_LISTENING, w->environment, 0);
		(void)sys_send(c->program, &answer, sizeof(answer),
			       MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	work_end(w, c);
}

/**
 * serve() - do what a valid request asks for
 */
static void serve(struct worker *w, struct connection *c, struct broker_request *request)
{
	if (request->head.kind == BROKER_CONNECT) { /* which stays unread */
		dial_begin(w, c, request);
		return;
	}
	if (request->head.kind == BROKER_HOLD) {
		take_held(w, c, request);
		return;
	}
	if (request->head.kind == BROKER_LISTEN) {
		take_server(w, c, request);
		return;
	}
	/* else closing would take the answer away */
	(void)sys_recv(c->program, request, sizeof(*request), MSG_DONTWAIT);
	if (request->head.kind == BROKER_HELLO)
		welcome(w, c);
	else if (request->head.kind == BROKER_LOOKUP)
		look_up(w, c, request->name);
	else
		tell_status(w, c);
}

/* ---- who it is ---- */

/**
 * is_hopeless() - can this not become a request?
 * @size: what there is of it so far; 0: that is all there will be
 */
static bool is_hopeless(const struct broker_request *request, ssize_t size)
{
	const uint32_t magic = BROKER_MAGIC;
	size_t length = (size_t)size < sizeof(magic) ? (size_t)size : sizeof(magic);

	return size == 0 || memcmp(request, &magic, length) != 0 || size == sizeof(*request);
}

void greet_event(struct worker *w, struct connection *c)
{
	static struct broker_request seen, request;
	unsigned descriptors;
	ssize_t size = attach_peek(c->program, &seen, sizeof(seen), &descriptors);

	if (size == -EAGAIN)
		return;
	if (size > 0 && broker_request_is_valid(&seen, (size_t)size, descriptors,
						w->environment, &request)) {
		request = seen;
		serve(w, c, &request);
	} else if (size < 0 || is_hopeless(&seen, size)) {
		work_end(w, c);
	}
}

int greet_one(struct worker *w, int listener)
{
	struct connection *c;
	int fd;

	if (w->table.used == w->table.size)
		return -EMFILE;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return errno == ECONNABORTED || errno == EINTR ? 0 : -errno;
	if (shared_count(w->kept->shared, STATE_NEW) >= SILENT_MAX) {
		news("more than", SILENT_MAX, " strangers at once: the oldest is closed");
		work_end(w, table_oldest(&w->table, STATE_NEW));
	}
	c = table_take(&w->table);
	c->program = fd;
	table_wake(&w->table, c, w->now + REQUEST_MS);
	if (work_watch(w, c, fd, ROLE_PROGRAM))
		greet_event(w, c); /* most have said it already */
	else
		work_end(w, c);
	return 0;
}
