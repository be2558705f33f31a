/* SPDX-License-Identifier: MIT */
/*
 * work.c - what all that a worker does has in common
 */
#include "work.h"

#include <sys/epoll.h>
#include <unistd.h>

bool work_watch(const struct worker *w, const struct connection *c, int fd, enum role role)
{
	struct epoll_event event = {.data.u64 = table_tag(&w->table, c, role)};

	/* a request is unread until there is an answer, and would always be there */
	event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/**
 * close_one() - close a descriptor, if it is one
 */
static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

void work_end(struct worker *w, struct connection *c)
{
	close_one(c->program);
	close_one(c->onward);
	close_one(c->pair);
	table_drop(&w->table, c);
}
