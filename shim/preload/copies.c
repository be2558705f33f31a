/* SPDX-License-Identifier: MIT */
/*
 * copies.c - a short list for each descriptor that was duplicated
 */
#include "copies.h"

#include <stdatomic.h>
#include <stdint.h>

#include "chunk.h"

/* Numbers of descriptors + 1, or 0; the last may be TOO_MANY. */
struct list {
	_Atomic uint32_t entries[COPIES];
};
#define TOO_MANY UINT32_MAX

static struct chunks lists;
static atomic_bool unreliable; /* there was no memory for a list */

static struct list *list_of(int fd)
{
	struct list *chunk = chunk_of(&lists, fd);

	return chunk ? &chunk[fd % CHUNK_FDS] : NULL;
}

static void clear(int fd)
{
	struct list *list = list_of(fd);

	for (int i = 0; list && i < COPIES; i++)
		atomic_store(&list->entries[i], 0);
}

/* Is the entry this one, or was it free to become it? */
static bool enter(_Atomic uint32_t *entry, uint32_t number)
{
	uint32_t there = 0;

	return atomic_compare_exchange_strong(entry, &there, number) || there == number;
}

/* The list of @fd, to add to it; NULL without memory. */
static struct list *room_for(int fd)
{
	if (!chunk_make(&lists, fd, sizeof(struct list)))
		atomic_store(&unreliable, true);
	return list_of(fd);
}

void copies_unknown(int fd)
{
	struct list *list = room_for(fd);

	if (list)
		atomic_store(&list->entries[COPIES - 1], TOO_MANY);
}

static void add(int fd, int copy)
{
	struct list *list = room_for(fd);

	for (int i = 0; list && i < COPIES; i++)
		if (enter(&list->entries[i], (uint32_t)copy + 1))
			return;
	copies_unknown(fd);
}

static void join(int a, int b)
{
	add(a, b);
	add(b, a);
}

void copies_note(int fd, int copy, bool first)
{
	int others[COPIES], count;

	if (first)
		clear(fd);
	clear(copy);
	count = first ? 0 : copies_of(fd, others);
	join(fd, copy);
	for (int i = 0; i < count; i++)
		if (others[i] != copy)
			join(others[i], copy);
	if (count < 0)
		copies_unknown(copy);
}

int copies_of(int fd, int copies[COPIES])
{
	struct list *list = list_of(fd);
	int count = 0;

	if (!list || atomic_load(&unreliable))
		return -1;
	for (int i = 0; i < COPIES; i++) {
		uint32_t number = atomic_load(&list->entries[i]);

		if (number == TOO_MANY)
			return -1;
		if (number)
			copies[count++] = (int)(number - 1);
	}
	return count;
}
