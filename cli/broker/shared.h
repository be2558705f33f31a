/* SPDX-License-Identifier: MIT */
/*
 * shared.h - what keeper and worker have in common: numbers in shared memory
 */
#ifndef VSOCKIFY_BROKER_SHARED_H
#define VSOCKIFY_BROKER_SHARED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../config/ruleset.h"
#include "../../shim/broker/memory.h"
#include "handoff.h"

/* The states of a connection, as docs/broker.md draws them. */
enum state {
	STATE_NEW,      /* has not said what it wants */
	STATE_DIALLING, /* the other side does not take it yet */
	STATE_DIALOGUE, /* nor has it answered */
	STATE_READY,    /* connected; the program was told */
	STATE_GIVING,   /* the socket was sent to it */
	STATE_GIVEN,    /* it has it */
	STATE_CARRIED,  /* what comes in goes out here */
	STATE_HELD,     /* a muxer's, between CONNECT and OK, which nobody wants any more */
	STATE_ARRIVING, /* called at a server, and has not said for whom */
	STATE_ARRIVED,  /* has, and waits for the server's program */
	STATES,
};

struct shared {
	_Atomic uint32_t count[STATES];        /* connections in each state now */
	_Atomic uint32_t given, failed;        /* so far */
	_Atomic uint32_t arrived, turned_away; /* connections to servers, so far */
	_Atomic uint32_t deaths;               /* of workers */
	_Atomic int sweep; /* the keeper: servers may have ended; SIGUSR1 says so as well. (Not
			    * every processor exchanges a byte.) */
	int64_t begun;     /* ms of CLOCK_MONOTONIC */
};

/* What the keeper has, and each worker gets. */
struct kept {
	const struct handoff *handoff;
	const struct ruleset *rules;
	struct broker_memory *memory; /* which programs read */
	struct shared *shared;
	int park[2]; /* park.h */
	char *role;  /* where BROKER_KEEPER stands in argv[0] */
};

static inline uint32_t shared_count(const struct shared *shared, enum state state)
{
	return atomic_load_explicit(&shared->count[state], memory_order_relaxed);
}

#endif
