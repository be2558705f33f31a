/* SPDX-License-Identifier: MIT */
/*
 * work.h - what all that a worker does has in common
 */
#ifndef VSOCKIFY_BROKER_WORK_H
#define VSOCKIFY_BROKER_WORK_H

#include "table.h"

/* Servers at once. */
#define SERVERS_MAX 64

struct worker {
	const struct kept *kept;
	const struct ruleset *rules;
	const struct broker_environment *environment;
	struct table table;
	int epoll;
	int64_t now; /* of this turn */
	bool full;   /* nobody is accepted for the time being */
	int64_t look_again;
	struct server server[SERVERS_MAX];
	uint32_t servers;   /* that there are */
	int64_t next_sweep; /* when to look whether one has ended */
};

/* work_watch() - ask for events of a descriptor; false if there is no memory for that */
bool work_watch(const struct worker *w, const struct connection *c, int fd, enum role role);

/* work_end() - close all that a connection has, and forget it */
void work_end(struct worker *w, struct connection *c);

#endif
