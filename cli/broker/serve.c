/* SPDX-License-Identifier: MIT */
/*
 * serve.c - servers whose callers say first whose connection it is
 */
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../shim/buffer.h"
#include "../../shim/guest.h"
#include "../../shim/kernel/sys.h"
#include "../../shim/transport/transport.h"
#include "attach.h"
#include "news.h"
#include "preface.h"

/* For how long a header is awaited; and a program that does not accept, which is tried again
 * and again. */
#define HEADER_MS 10000
#define QUEUE_MS  60000
#define AGAIN_MS  10

/* How often it is looked whether a server has ended. */
#define SWEEP_MS 1000

/* So many may owe their header; then the oldest is closed. */
#define ARRIVING_MAX 1024

/* How many connections may wait to be looked at, and what each may send before that: room for a
 * header that comes byte by byte, of which Linux from 6.12.92 on counts each as 576
 * (buffer.h). */
#define BACKLOG     4096
#define BUFFER_SIZE (UINT64_C(128) << 10)

/* ---- servers ---- */

/**
 * has_ended() - has nobody the name of a server any more?
 *
 * Nobody else can have taken it, but one who has read it in /proc: another user is found out
 * later, by his uid.
 */
static bool has_ended(const struct server *server)
{
	int fd = transport_socket(true, SOCK_CLOEXEC), result;

	if (fd < 0)
		return false;
	result = transport_bind_private(fd, server->port, server->key);
	close(fd);
	return result == 0;
}

/**
 * watch_one() - as serve_watch()
 */
static bool watch_one(const struct worker *w, int operation, int listener)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag_of_listener(listener)};

	return epoll_ctl(w->epoll, operation, listener, &event) == 0;
}

/**
 * note_unparked() - it is nowhere but in this process
 */
static void note_unparked(const struct server *server)
{
	news("the keeper cannot hold the server at port", server->port,
	     " too: it is lost if the worker dies");
}

/**
 * park_all() - put all that are there where they outlive this process, and none else
 */
static void park_all(struct worker *w)
{
	struct server old;

	while (park_take(w->kept->park, &old))
		close(old.listener);
	for (int i = 0; i < SERVERS_MAX; i++) {
		if (w->server[i].listener >= 0 && !park_put(w->kept->park, &w->server[i]))
			note_unparked(&w->server[i]);
	}
}

/**
 * caller_of() - one who has called at a server and is still here; NULL
 */
static struct connection *caller_of(const struct worker *w, const struct server *server)
{
	for (uint32_t i = 0; i < w->table.heaped; i++) {
		struct connection *c = &w->table.slot[w->table.heap[i]];

		if ((c->state == STATE_ARRIVING || c->state == STATE_ARRIVED) &&
		    memcmp(c->server.key, server->key, sizeof(server->key)) == 0)
			return c;
	}
	return NULL;
}

/**
 * drop() - a server has ended, and so have those who called
 */
static void drop(struct worker *w, struct server *server)
{
	(void)watch_one(w, EPOLL_CTL_DEL, server->listener); /* others may have it too */
	close(server->listener);
	for (struct connection *c; (c = caller_of(w, server));)
		work_end(w, c);
	server->listener = -1;
	w->servers--;
	park_all(w);
}

void serve_sweep(struct worker *w)
{
	for (int i = 0; i < SERVERS_MAX; i++) {
		if (w->server[i].listener >= 0 && has_ended(&w->server[i]))
			drop(w, &w->server[i]);
	}
	w->next_sweep = w->now + SWEEP_MS;
}

bool serve_watch(const struct worker *w, int operation)
{
	bool done = true;

	for (int i = 0; i < SERVERS_MAX; i++) {
		if (w->server[i].listener >= 0)
			done = watch_one(w, operation, w->server[i].listener) && done;
	}
	return done;
}

/**
 * add() - a server is there
 * Return: false if there is no room for it
 */
static bool add(struct worker *w, const struct server *server)
{
	for (int i = 0; i < SERVERS_MAX; i++) {
		if (w->server[i].listener >= 0)
			continue;
		if (!w->full && !watch_one(w, EPOLL_CTL_ADD, server->listener))
			return false;
		w->server[i] = *server;
		w->servers++;
		return true;
	}
	return false;
}

bool serve_recall(struct worker *w)
{
	struct server server;
	bool done = true;

	for (int i = 0; i < SERVERS_MAX; i++)
		w->server[i].listener = -1;
	while (park_take(w->kept->park, &server))
		done = add(w, &server) && done;
	park_all(w);
	return done;
}

/**
 * rule_of() - the listen rule of a bind
 * Return: NULL if that is none with accept_proxy
 */
static const struct rule *rule_of(const struct worker *w, const struct broker_listen *asked)
{
	struct endpoint on = {.port = asked->port};
	struct decision d;

	memcpy(on.ip, asked->ip, sizeof(on.ip));
	d = decide_listen(w->rules, &on, asked->v6only);
	if (d.action != ACTION_VSOCK || d.rule < 0 ||
	    !ruleset_listen(w->rules)[d.rule].accept_proxy)
		return NULL;
	return ruleset_listen(w->rules) + d.rule;
}

/**
 * reach() - connect to the program's listener
 * Return: the socket; or a negated errno: -EAGAIN, its queue is full; another, it has ended
 */
static int reach(const struct server *server)
{
	int fd = transport_socket(true, SOCK_CLOEXEC | SOCK_NONBLOCK), result;
	struct ucred owner = {.uid = 0};
	socklen_t len = sizeof(owner);

	if (fd < 0)
		return -EAGAIN;
	result = transport_connect_private(fd, server->port, server->key);
	if (result == 0)
		result = sys_getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &len);
	if (result == 0 && owner.uid != server->uid)
		result = -EPERM;
	if (result < 0)
		close(fd);
	return result < 0 ? result : fd;
}

/**
 * begin() - listen for a server
 * Return: 0, or an errno
 */
static int begin(struct worker *w, const struct server *server)
{
	int result = sys_set_flags(server->listener, O_NONBLOCK);

	if (result == 0)
		result = buffer_listen(server->listener, w->rules, BACKLOG);
	if (result < 0)
		return -result;
	if (!add(w, server))
		return w->servers == SERVERS_MAX ? ENOBUFS : ENOMEM;
	if (!park_put(w->kept->park, server))
		note_unparked(server);
	return 0;
}

void serve_begin(struct worker *w, const struct broker_listen *asked, int listener, uid_t uid)
{
	const struct rule *rule = rule_of(w, asked);
	struct server server = {.listener = listener, .uid = uid};
	struct vm_address own;
	char why[64];
	int error, fd;

	serve_sweep(w);
	if (!rule || transport_local(listener, &own) != 1) {
		close(listener);
		return;
	}
	server.port = own.port;
	server.rule = (uint32_t)(rule - ruleset_listen(w->rules));
	memcpy(server.key, asked->key, sizeof(server.key));
	error = begin(w, &server);
	if (error) {
		(void)snprintf(why, sizeof(why), ": %s", strerror(error));
		news("cannot listen for the server at port", server.port, why);
		close(listener);
		return;
	}
	fd = reach(&server);
	if (fd >= 0)
		close(fd);
}

/* ---- those who call ---- */

/**
 * may_call() - is this one whose word counts?
 */
static bool may_call(const struct worker *w, const struct connection *c)
{
	const struct rule *rule = ruleset_listen(w->rules) + c->server.rule;

	if (rule->peer == NO_PEER)
		return rule_accepts(w->rules, rule, c->cid);
	return !rule->restricted ||
	       rule_accepts_peer(w->rules, rule, guest_who(w->rules, rule, c->onward));
}

/**
 * turn_away() - close one who may not, or cannot, come in
 */
static void turn_away(struct worker *w, struct connection *c, const char *why)
{
	char from[64];

	atomic_fetch_add(&w->kept->shared->turned_away, 1);
	if (c->cid == CID_UNKNOWN)
		(void)snprintf(from, sizeof(from), ", from a VMM's guest: it was closed");
	else
		(void)snprintf(from, sizeof(from), ", from CID %u: it was closed", c->cid);
	news(why, c->server.port, from);
	work_end(w, c);
}

/**
 * welcome() - let one in, as far as his header
 */
static void welcome(struct worker *w, struct connection *c)
{
	if (shared_count(w->kept->shared, STATE_ARRIVING) >= ARRIVING_MAX)
		turn_away(w, table_oldest(&w->table, STATE_ARRIVING),
			  "too many owe their PROXY header, the oldest one at port");
	table_state(&w->table, c, STATE_ARRIVING);
	c->limit = w->now + HEADER_MS;
	table_wake(&w->table, c, c->limit);
	if ((c->cid == CID_UNKNOWN || transport_set_buffer(c->onward, BUFFER_SIZE) == 0) &&
	    work_watch(w, c, c->onward, ROLE_ONWARD))
		serve_event(w, c, 0); /* most have said it already */
	else
		work_end(w, c);
}

int serve_accept(struct worker *w, int listener)
{
	struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(name);
	struct vm_address caller;
	struct connection *c;
	int i = w->servers > 0 ? 0 : SERVERS_MAX, fd;

	while (i < SERVERS_MAX && w->server[i].listener != listener)
		i++;
	if (i == SERVERS_MAX)
		return -ENOENT;
	if (w->table.used == w->table.size)
		return -EMFILE;
	fd = accept4(listener, (struct sockaddr *)&name, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return errno == ECONNABORTED || errno == EINTR ? 0 : -errno;
	c = table_take(&w->table);
	c->onward = fd;
	c->server = w->server[i];
	c->cid = CID_UNKNOWN;
	if (transport_caller(listener, fd, &name, len, &caller) == 1 && !caller.path)
		c->cid = caller.cid;
	if (may_call(w, c))
		welcome(w, c);
	else
		turn_away(w, c, "somebody whom accept_from does not name called at port");
	return 0;
}

/* ---- handing it on ---- */

/**
 * hand_on() - give the connection to the program
 */
static void hand_on(struct worker *w, struct connection *c)
{
	struct broker_arrival arrival;
	int fd = reach(&c->server), result = fd;

	if (fd >= 0) {
		broker_arrival(&arrival, w->environment, c->known ? &c->client : NULL);
		result = attach_send(fd, &arrival, sizeof(arrival), c->onward);
		close(fd);
	}
	if (result == -EAGAIN || result == -ETOOMANYREFS || result == -ENOBUFS ||
	    result == -ENOMEM) {
		table_wake(&w->table, c, w->now + AGAIN_MS);
		return;
	}
	if (result == 0)
		atomic_fetch_add(&w->kept->shared->arrived, 1);
	work_end(w, c);
	if (result < 0)
		w->next_sweep = w->now;
}

/**
 * take_header() - look whether the header is whole, and take it
 * Return: 1; 0: it is not; or a negated errno, -EPIPE if nothing more will come
 */
static int take_header(struct connection *c, uint32_t events)
{
	static uint8_t bytes[PREFACE_MAX];
	ssize_t size = sys_recv(c->onward, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	struct preface preface;
	int result;

	if (size < 0)
		return size == -EAGAIN ? 0 : (int)size;
	result = preface_read(bytes, (size_t)size, &preface);
	if (result == 0 && (size == 0 || events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
		return -EPIPE;
	if (result <= 0)
		return result;
	c->known = preface.known;
	c->client = preface.client;
	size = sys_recv(c->onward, bytes, preface.size, MSG_DONTWAIT);
	return size == (ssize_t)preface.size ? 1 : -EPIPE;
}

void serve_event(struct worker *w, struct connection *c, uint32_t events)
{
	int result;

	if (c->state != STATE_ARRIVING)
		return; /* what comes now is the program's */
	result = take_header(c, events);
	if (result == -EPROTO || result == -EMSGSIZE) {
		turn_away(w, c,
			  result == -EPROTO ? "no PROXY header came first at port"
					    : "too long a PROXY header came at port");
	} else if (result < 0) {
		work_end(w, c);
	} else if (result > 0) {
		/* what the program does with it is none of this process's business */
		(void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, c->onward, NULL);
		table_state(&w->table, c, STATE_ARRIVED);
		c->limit = w->now + QUEUE_MS;
		hand_on(w, c);
	}
}

void serve_time(struct worker *w, struct connection *c)
{
	if (c->state == STATE_ARRIVING)
		turn_away(w, c, "for 10 s no whole PROXY header came at port");
	else if (w->now >= c->limit)
		turn_away(w, c, "for 60 s a server has not accepted what came at port");
	else
		hand_on(w, c);
}
