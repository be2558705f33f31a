/* SPDX-License-Identifier: MIT */
/*
 * share.c - a small table of notes, in slots (slot.h) whose keys are never the same twice
 */
#include "share.h"

#include <stdatomic.h>

#include "engine.h"
#include "kernel/sys.h"
#include "slot.h"

#define NOTES 128

/* How often a descriptor says EAGAIN in a row, in favour of one that nobody accepts from. */
#define DEFERRALS 4

/* What getsockname() and the like say. */
struct names {
	bool own; /* those in the mark */
	bool v6, v6only, any_port;
	struct place local;
};

struct note {
	struct slot slot;                    /* by a number that counts up, and fd + 1 */
	_Alignas(8) _Atomic uint64_t cookie; /* slot.h */
	_Atomic unsigned deferred;
	struct names names;
};

static struct note table[NOTES];
static _Atomic uint32_t numbers;
static _Atomic int used; /* notes from here on were never claimed */

/* A note, as it was at one moment. */
struct copy {
	struct note *note;
	uint64_t key, cookie;
};

static int fd_of(uint64_t key)
{
	return (int)(uint32_t)key - 1;
}

static bool copy_note(struct note *note, struct copy *copy)
{
	copy->note = note;
	copy->key = slot_key(&note->slot);
	copy->cookie = atomic_load(&note->cookie);
	return copy->key != SLOT_FREE && slot_has(&note->slot, copy->key);
}

/* Is it still true? If not, it is dropped. */
static bool holds(const struct copy *copy)
{
	uint64_t cookie;

	if (sys_cookie(fd_of(copy->key), &cookie) == 0 && cookie == copy->cookie)
		return true;
	slot_clear(&copy->note->slot, copy->key);
	return false;
}

/*
 * Is it, of another descriptor of @fd's socket? If not, that was closed, and the kernel still
 * has its epoll registrations, which belong to the open file and are nobody's now. They can
 * be deleted only under the old number, if that is still free.
 */
static bool holds_beside(const struct copy *copy, int fd)
{
	int closed = fd_of(copy->key), again;
	struct carried carried;

	if (holds(copy))
		return true;
	again = sys_fcntl(fd, F_DUPFD_CLOEXEC, closed);
	if (again == closed) {
		/* of what came under the number since: let the kernel say */
		engine_clear(again);
		engine_take_out(again, &carried);
	}
	if (again >= 0)
		sys_close(again);
	return false;
}

static bool find(int fd, struct copy *copy)
{
	for (int i = 0; i < used; i++)
		if (copy_note(&table[i], copy) && fd_of(copy->key) == fd)
			return true;
	return false;
}

/* Claim a note that is free; with @thorough also one that is no longer true. */
static struct note *claim(bool thorough)
{
	int seen = used;

	for (int i = 0; i < NOTES; i++) {
		struct copy copy;

		if (thorough && copy_note(&table[i], &copy))
			holds(&copy);
		if (!slot_claim(&table[i].slot, SLOT_FREE))
			continue;
		while (seen <= i && !atomic_compare_exchange_weak(&used, &seen, i + 1))
			continue;
		return &table[i];
	}
	return NULL;
}

void share_forget(int fd)
{
	struct copy copy;

	while (find(fd, &copy))
		slot_clear(&copy.note->slot, copy.key);
	engine_shared(fd, false);
}

bool share_note(int fd, int holder, const struct mark *m)
{
	struct note *note;
	uint64_t cookie;

	if (!engine_takes_notes())
		return false;
	share_forget(fd);
	if (sys_cookie(holder, &cookie) < 0)
		return false;
	note = claim(false);
	if (!note)
		note = claim(true);
	if (!note)
		return false;
	note->names = (struct names){fd == holder, m->v6, m->v6only, m->any_port, m->local};
	atomic_store(&note->cookie, cookie);
	atomic_store(&note->deferred, 0);
	slot_publish(&note->slot,
		     (uint64_t)atomic_fetch_add(&numbers, 1) << 32 | (uint32_t)(fd + 1));
	engine_shared(fd, true);
	return true;
}

bool share_is_noted(int fd)
{
	struct copy own;

	return engine_is_shared(fd) && find(fd, &own) && holds(&own);
}

bool share_others(int fd)
{
	struct copy own, other;

	if (!engine_is_shared(fd) || !find(fd, &own) || !holds(&own))
		return false;
	for (int i = 0; i < used; i++)
		if (copy_note(&table[i], &other) && other.key != own.key &&
		    other.cookie == own.cookie && holds_beside(&other, fd))
			return true;
	return false;
}

/* Somebody accepts from this descriptor: those behind it may trust in that again. One that has
 * not tried to accept meanwhile may have been closed. */
static void served(const struct copy *own)
{
	struct copy other;

	for (int i = 0; i < used; i++)
		if (copy_note(&table[i], &other) && other.cookie == own->cookie &&
		    other.key > own->key && atomic_exchange(&table[i].deferred, 0) == 0 &&
		    holds(own))
			holds_beside(&other, fd_of(own->key));
}

/* One that was noted before, and is open. */
static bool has_first(const struct copy *own)
{
	bool asked = false;
	struct copy other;

	for (int i = 0; i < used; i++) {
		if (!copy_note(&table[i], &other) || other.cookie != own->cookie ||
		    other.key >= own->key)
			continue;
		if (!asked && !holds(own))
			return false;
		asked = true;
		if (holds_beside(&other, fd_of(own->key)))
			return true;
	}
	return false;
}

bool share_defers_noted(int fd)
{
	struct copy own;

	if (!find(fd, &own))
		return false;
	if (has_first(&own) && atomic_fetch_add(&own.note->deferred, 1) < DEFERRALS)
		return true;
	served(&own);
	atomic_store(&own.note->deferred, 0);
	return false;
}

bool share_names_noted(int fd, struct mark *m)
{
	struct names names;
	struct copy own;

	if (!find(fd, &own))
		return false;
	names = own.note->names;
	if (!slot_has(&own.note->slot, own.key) || names.own || !holds(&own))
		return false;
	m->v6 = names.v6;
	m->v6only = names.v6only;
	m->any_port = names.any_port;
	m->local = names.local;
	return true;
}
