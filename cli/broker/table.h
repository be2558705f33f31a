/* SPDX-License-Identifier: MIT */
/*
 * table.h - the worker's connections, and when each has to be looked at
 *
 * Theory of operation
 *
 * One table of fixed size, no other memory. A slot is used again, so each use has a generation,
 * which stands in the events that are asked for: one that belongs to an earlier use, whose
 * descriptor had the same number, is told by it. Deadlines are in a heap, whose places the
 * connections know.
 *
 * Pure functions, but for the memory that table_init() takes.
 */
#ifndef VSOCKIFY_BROKER_TABLE_H
#define VSOCKIFY_BROKER_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../config/host.h"
#include "../../shim/route/route.h"
#include "park.h"
#include "shared.h"

#define NOWHERE UINT32_MAX

struct connection {
	uint32_t generation; /* odd: in use */
	uint32_t next_free;
	uint32_t place; /* in the heap; NOWHERE */
	uint8_t state;
	uint8_t before;   /* STATE_GIVING: the state before it */
	bool hung;        /* nobody has the program's end any more */
	bool ended_out;   /* nothing more comes from the program */
	bool ended_in;    /* nor from the other side */
	int program;      /* its end; -1 */
	int onward;       /* to the other side; -1 */
	int pair;         /* STATE_GIVING: what the answer is sent to; -1 */
	int64_t deadline; /* ms of CLOCK_MONOTONIC */
	int64_t limit;    /* until when the other side must have answered */
	uint64_t cookie;
	struct server server; /* STATE_ARRIVING, STATE_ARRIVED: whom it is for */
	uint32_t cid;         /* and whose it is */
	bool known;           /* has the header said who the client is? */
	struct endpoint client;
	struct route way;
	char name[HOST_MAX + 1]; /* that the way's destination has, or empty */
	struct dialogue dialogue;
};
_Static_assert(sizeof(struct connection) <= 512, "as docs/broker.md promises");

struct table {
	struct connection *slot;
	uint32_t size, used;
	uint32_t first_free;
	uint32_t *heap;
	uint32_t heaped;
	struct shared *shared; /* where states are counted */
};

/* table_init() - of @size connections; false if there is no memory */
bool table_init(struct table *t, uint32_t size, struct shared *shared);

/* table_take() - a fresh connection, STATE_NEW; NULL if all are in use */
struct connection *table_take(struct table *t);

/* table_drop() - of which nothing is left */
void table_drop(struct table *t, struct connection *c);

/* table_state() - it is in another state now */
void table_state(struct table *t, struct connection *c, enum state state);

/* table_wake() - it is to be looked at then; table_rest() - at no certain time */
void table_wake(struct table *t, struct connection *c, int64_t deadline);
void table_rest(struct table *t, struct connection *c);

/* table_first() - the one with the earliest deadline; NULL: none has one */
struct connection *table_first(const struct table *t);

/* table_oldest() - of those in a state, the one with the earliest deadline; NULL */
struct connection *table_oldest(const struct table *t, enum state state);

/* ---- events ---- */

enum role { ROLE_LISTENER, ROLE_PROGRAM, ROLE_ONWARD, ROLE_PAIR };

/* table_tag() - what an event is to say */
uint64_t table_tag(const struct table *t, const struct connection *c, enum role role);

/* tag_role() - what it is about; tag_listener() - which one, if it is a listener */
enum role tag_role(uint64_t tag);
uint64_t tag_of_listener(int fd);
int tag_listener(uint64_t tag);

/* table_tagged() - whose it is; NULL: of nobody who is still there */
struct connection *table_tagged(const struct table *t, uint64_t tag);

#endif
