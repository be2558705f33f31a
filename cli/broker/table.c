/* SPDX-License-Identifier: MIT */
/*
 * table.c - the worker's connections, and when each has to be looked at
 */
#include "table.h"

#include <string.h>
#include <sys/mman.h>

/* ---- slots ---- */

/**
 * fresh_memory() - zeros, of which the kernel gives pages as they are touched
 */
static void *fresh_memory(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

bool table_init(struct table *t, uint32_t size, struct shared *shared)
{
	*t = (struct table){.size = size, .first_free = NOWHERE, .shared = shared};
	t->slot = fresh_memory(size * sizeof(*t->slot));
	t->heap = fresh_memory(size * sizeof(*t->heap));
	return t->slot && t->heap;
}

/**
 * free_slot() - one that is not in use; NULL
 *
 * Those that never were come last, so that memory grows with what is needed.
 */
static struct connection *free_slot(struct table *t)
{
	struct connection *c;

	if (t->first_free != NOWHERE) {
		c = &t->slot[t->first_free];
		t->first_free = c->next_free;
		return c;
	}
	return t->used < t->size ? &t->slot[t->used] : NULL;
}

struct connection *table_take(struct table *t)
{
	struct connection *c = free_slot(t);
	uint32_t generation;

	if (!c)
		return NULL;
	generation = c->generation + 1;
	memset(c, 0, sizeof(*c));
	c->generation = generation;
	c->place = NOWHERE;
	c->program = c->onward = c->pair = -1;
	c->state = STATE_NEW;
	atomic_fetch_add(&t->shared->count[STATE_NEW], 1);
	t->used++;
	return c;
}

void table_drop(struct table *t, struct connection *c)
{
	table_rest(t, c);
	atomic_fetch_sub(&t->shared->count[c->state], 1);
	c->generation++;
	c->next_free = t->first_free;
	t->first_free = (uint32_t)(c - t->slot);
	t->used--;
}

void table_state(struct table *t, struct connection *c, enum state state)
{
	atomic_fetch_sub(&t->shared->count[c->state], 1);
	atomic_fetch_add(&t->shared->count[state], 1);
	c->state = (uint8_t)state;
}

/* ---- deadlines ---- */

/**
 * is_before() - which of two places of the heap comes first?
 */
static bool is_before(const struct table *t, uint32_t one, uint32_t other)
{
	return t->slot[t->heap[one]].deadline < t->slot[t->heap[other]].deadline;
}

/**
 * swap() - two places of the heap
 */
static void swap(struct table *t, uint32_t one, uint32_t other)
{
	uint32_t slot = t->heap[one];

	t->heap[one] = t->heap[other];
	t->heap[other] = slot;
	t->slot[t->heap[one]].place = one;
	t->slot[t->heap[other]].place = other;
}

/**
 * settle() - bring one to where it belongs
 */
static void settle(struct table *t, uint32_t place)
{
	uint32_t first;

	while (place > 0 && is_before(t, place, (place - 1) / 2)) {
		swap(t, place, (place - 1) / 2);
		place = (place - 1) / 2;
	}
	for (;;) {
		first = place;
		for (uint32_t child = 2 * place + 1; child <= 2 * place + 2; child++) {
			if (child < t->heaped && is_before(t, child, first))
				first = child;
		}
		if (first == place)
			return;
		swap(t, place, first);
		place = first;
	}
}

void table_wake(struct table *t, struct connection *c, int64_t deadline)
{
	c->deadline = deadline;
	if (c->place == NOWHERE) {
		c->place = t->heaped++;
		t->heap[c->place] = (uint32_t)(c - t->slot);
	}
	settle(t, c->place);
}

void table_rest(struct table *t, struct connection *c)
{
	uint32_t place = c->place, last = t->heaped - 1;

	if (place == NOWHERE)
		return;
	if (place != last)
		swap(t, place, last);
	t->heaped--;
	c->place = NOWHERE;
	if (place != last)
		settle(t, place);
}

struct connection *table_first(const struct table *t)
{
	return t->heaped > 0 ? &t->slot[t->heap[0]] : NULL;
}

struct connection *table_oldest(const struct table *t, enum state state)
{
	struct connection *oldest = NULL;

	for (uint32_t i = 0; i < t->heaped; i++) {
		struct connection *c = &t->slot[t->heap[i]];

		if (c->state == state && (!oldest || c->deadline < oldest->deadline))
			oldest = c;
	}
	return oldest;
}

/* ---- events: 32 bits generation, 30 bits slot, 2 bits role ---- */

uint64_t table_tag(const struct table *t, const struct connection *c, enum role role)
{
	return (uint64_t)c->generation << 32 | (uint64_t)(c - t->slot) << 2 | role;
}

enum role tag_role(uint64_t tag)
{
	return (enum role)(tag & 3);
}

uint64_t tag_of_listener(int fd)
{
	return (uint64_t)fd << 2 | ROLE_LISTENER;
}

int tag_listener(uint64_t tag)
{
	return (int)(tag >> 2);
}

struct connection *table_tagged(const struct table *t, uint64_t tag)
{
	uint32_t slot = (uint32_t)tag >> 2;

	if (slot >= t->size || t->slot[slot].generation != (uint32_t)(tag >> 32))
		return NULL;
	return t->slot[slot].generation & 1 ? &t->slot[slot] : NULL;
}
