/* SPDX-License-Identifier: MIT */
/*
 * worker.c - one thread around one epoll
 */
#include "worker.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../shim/kernel/sys.h"
#include "carry.h"
#include "dial.h"
#include "give.h"
#include "greet.h"
#include "hold.h"
#include "news.h"
#include "serve.h"
#include "work.h"

/* Connections at once, if the system allows as many descriptors: two each, and a third while
 * one is given. */
#define CONNECTIONS_MAX 10000
#define DESCRIPTORS     3
#define OTHERS          32 /* that are no connection's, beside servers' */

/* Events of a turn; and how long it may take, in seconds. */
#define EVENTS       256
#define FULL_MS      100 /* when to look again for room */
#define TURN_SECONDS 10

/**
 * watch_own() - ask for those who come to the broker itself
 */
static bool watch_own(const struct worker *w, int operation)
{
	bool done = true;

	for (int fd = HANDOFF_NAME; fd <= HANDOFF_PATH; fd++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag_of_listener(fd)};

		if (fd == HANDOFF_NAME || *w->environment->path != '\0')
			done = epoll_ctl(w->epoll, operation, fd, &event) == 0 && done;
	}
	return done;
}

/**
 * watch_listeners() - ask for all who come
 */
static bool watch_listeners(const struct worker *w, int operation)
{
	bool done = watch_own(w, operation);

	return serve_watch(w, operation) && done;
}

/* ---- what has come ---- */

/**
 * accept_some() - take those who wait
 *
 * Who finds no room waits in the queue; when that is full, his shim does without a broker.
 */
static void accept_some(struct worker *w, int listener)
{
	for (int i = 0; i < EVENTS && !w->full; i++) {
		int result = serve_accept(w, listener);

		if (result == -ENOENT) /* it is the broker's own */
			result = greet_one(w, listener);
		if (result == -EMFILE || result == -ENFILE || result == -ENOBUFS) {
			news("no room for more than", (int64_t)w->table.used,
			     " connections: others wait");
			(void)watch_listeners(w, EPOLL_CTL_DEL);
			w->full = true;
			w->look_again = w->now + FULL_MS;
			return;
		}
		if (result < 0)
			return;
	}
}

/**
 * take_pair() - the program has answered what it was given, or does not want it
 */
static void take_pair(struct worker *w, struct connection *c)
{
	enum state state = give_event(w, c);

	if (state != STATE_GIVING)
		carry_again(w, c, state);
}

/**
 * take_event() - something has become of a connection
 */
static void take_event(struct worker *w, struct connection *c, enum role role, uint32_t events)
{
	if (role == ROLE_PROGRAM && events & EPOLLHUP)
		c->hung = true;
	switch (c->state) {
	case STATE_NEW:
		greet_event(w, c);
		break;
	case STATE_DIALLING:
	case STATE_DIALOGUE:
		dial_event(w, c, role, events);
		break;
	case STATE_GIVING:
		if (role == ROLE_PAIR)
			take_pair(w, c);
		break;
	case STATE_READY:
	case STATE_GIVEN:
	case STATE_CARRIED:
		carry_event(w, c);
		break;
	case STATE_HELD:
		hold_event(w, c);
		break;
	case STATE_ARRIVING:
	case STATE_ARRIVED:
		serve_event(w, c, events);
		break;
	default:
		break;
	}
}

/**
 * take_time() - the time of a connection has come
 */
static void take_time(struct worker *w, struct connection *c)
{
	table_rest(&w->table, c);
	switch (c->state) {
	case STATE_NEW: /* a stranger, or one who has thought better of it */
		work_end(w, c);
		break;
	case STATE_DIALLING:
	case STATE_DIALOGUE:
		dial_time(w, c);
		break;
	case STATE_READY:
	case STATE_GIVEN:
	case STATE_CARRIED:
		carry_time(w, c);
		break;
	case STATE_HELD:
		hold_time(w, c);
		break;
	case STATE_ARRIVING:
	case STATE_ARRIVED:
		serve_time(w, c);
		break;
	default:
		break;
	}
}

/* ---- the loop ---- */

/* What is served first: programs that wait for an answer, then those that are waited for, then
 * new ones. */
static const enum role turns[][2] = {
	{ROLE_PROGRAM, ROLE_PAIR},
	{ROLE_ONWARD, ROLE_ONWARD},
	{ROLE_LISTENER, ROLE_LISTENER},
};

/**
 * take_events() - those of certain roles
 */
static void take_events(struct worker *w, const struct epoll_event *events, int count,
			const enum role roles[2])
{
	for (int i = 0; i < count; i++) {
		uint64_t tag = events[i].data.u64;
		enum role role = tag_role(tag);
		struct connection *c;

		if (role != roles[0] && role != roles[1])
			continue;
		if (role == ROLE_LISTENER) {
			accept_some(w, tag_listener(tag));
			continue;
		}
		c = table_tagged(&w->table, tag);
		if (c)
			take_event(w, c, role, events[i].events);
	}
}

/**
 * time_left() - until the next deadline, in ms; -1: there is none
 */
static int time_left(const struct worker *w)
{
	const struct connection *first = table_first(&w->table);
	int64_t left = first ? first->deadline - sys_now_ms() : INT_MAX;

	if (w->servers > 0 && left > w->next_sweep - sys_now_ms())
		left = w->next_sweep - sys_now_ms();
	if (w->full && left > FULL_MS)
		return FULL_MS;
	if (!first && w->servers == 0)
		return -1;
	return left < 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}

/**
 * turn() - wait for something, and do it
 */
static void turn(struct worker *w)
{
	static struct epoll_event events[EVENTS];
	struct connection *due;
	int count;

	alarm(0); /* one that is stopped while it waits does not hang */
	count = epoll_wait(w->epoll, events, EVENTS, time_left(w));
	alarm(TURN_SECONDS);
	w->now = sys_now_ms();
	for (size_t i = 0; i < sizeof(turns) / sizeof(*turns); i++)
		take_events(w, events, count, turns[i]);
	while ((due = table_first(&w->table)) && due->deadline <= w->now)
		take_time(w, due);
	if (atomic_exchange(&w->kept->shared->sweep, 0) ||
	    (w->servers > 0 && w->now >= w->next_sweep))
		serve_sweep(w);
	if (w->full && w->now >= w->look_again && watch_listeners(w, EPOLL_CTL_ADD))
		w->full = false;
}

/**
 * room() - for how many connections there are descriptors
 */
static uint32_t room(const struct ruleset *rs)
{
	const rlim_t others = OTHERS + (rs->accepts_proxy ? SERVERS_MAX : 0);
	struct rlimit limit = {.rlim_cur = 64};

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur / DESCRIPTORS > CONNECTIONS_MAX)
		return CONNECTIONS_MAX;
	return limit.rlim_cur > others + DESCRIPTORS
		       ? (uint32_t)(limit.rlim_cur - others) / DESCRIPTORS
		       : 1;
}

int worker_run(const struct kept *kept)
{
	struct worker w = {
		.kept = kept,
		.rules = kept->rules,
		.environment = &kept->handoff->environment,
		.epoll = epoll_create1(EPOLL_CLOEXEC),
	};
	sigset_t alarms;

	/* SIGTERM and its like stay blocked: the keeper says when it is time */
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
	if (w.epoll < 0 || !table_init(&w.table, room(kept->rules), kept->shared) ||
	    !serve_recall(&w) || !watch_own(&w, EPOLL_CTL_ADD))
		return EXIT_FAILURE;
	for (;;)
		turn(&w);
}
