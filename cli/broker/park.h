/* SPDX-License-Identifier: MIT */
/*
 * park.h - servers' sockets, where a worker's death does not reach them
 *
 * Theory of operation
 *
 * The socket that clients of a server call at is the worker's alone: its program has another.
 * So it also lies in a queue, a message that nobody reads, of two sockets that the keeper holds
 * and never looks at. A new worker takes all messages out, and puts them back.
 */
#ifndef VSOCKIFY_BROKER_PARK_H
#define VSOCKIFY_BROKER_PARK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../shim/broker/environment.h"

/* A server whose clients' connections are handed to it. */
struct server {
	int listener; /* where they call; -1: free */
	uid_t uid;    /* the program's when it began to listen */
	uint32_t port;
	uint8_t key[BROKER_SECRET_SIZE]; /* with the port: the name where it listens itself */
	uint32_t rule;                   /* index of its listen rule */
};

/* park_make() - the two sockets; 0, or an errno */
int park_make(int park[2]);

/* park_put() - put a server there; false if that cannot be */
bool park_put(const int park[2], const struct server *server);

/*
 * park_take() - take one out
 * @server: filled in, with a descriptor of its own
 * Return: false if there is none left
 */
bool park_take(const int park[2], struct server *server);

#endif
