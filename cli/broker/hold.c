/* SPDX-License-Identifier: MIT */
/*
 * hold.c - sockets of muxers that were told CONNECT and have not answered
 */
#include "hold.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../shim/kernel/sys.h"
#include "news.h"

#define HELD_MS  60000
#define HELD_MAX 256

/**
 * give_up() - close one that may be waited for
 */
static void give_up(struct worker *w, struct connection *c)
{
	news("a VMM has not answered for", HELD_MS / 1000,
	     " s, or too many wait for it: the connection is closed before its OK, after which "
	     "vhost-device-vsock 0.3.0 needs a restart");
	work_end(w, c);
}

void hold_adopt(struct worker *w, struct connection *c)
{
	bool watched = c->state == STATE_DIALOGUE;

	close(c->program);
	c->program = -1;
	if (shared_count(w->kept->shared, STATE_HELD) >= HELD_MAX)
		give_up(w, table_oldest(&w->table, STATE_HELD));
	table_state(&w->table, c, STATE_HELD);
	table_wake(&w->table, c, w->now + HELD_MS);
	if (!watched && !work_watch(w, c, c->onward, ROLE_ONWARD))
		work_end(w, c); /* no socket, to begin with */
	else
		hold_event(w, c);
}

/* The answer is not looked at: the end of a line is the end of it. Part of it may have been
 * read by whoever held this before. */
void hold_event(struct worker *w, struct connection *c)
{
	char answer[256];
	ssize_t size = sys_recv(c->onward, answer, sizeof(answer), MSG_DONTWAIT);

	if (size == -EAGAIN || (size > 0 && !memchr(answer, '\n', (size_t)size)))
		return;
	work_end(w, c);
}

void hold_time(struct worker *w, struct connection *c)
{
	give_up(w, c);
}
