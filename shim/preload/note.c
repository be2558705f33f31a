/* SPDX-License-Identifier: MIT */
/*
 * note.c - a few notes for each descriptor, without locks
 */
#include "note.h"

#include <stdatomic.h>
#include <stdint.h>

#include "../slot.h"
#include "chunk.h"
#include "hint.h"

struct note {
	struct slot slot; /* by key_of() */
	_Atomic uint32_t events;
	_Alignas(8) _Atomic uint64_t data; /* slot.h */
};

/* Nearly all descriptors are in one epoll: the memory for more is not touched for them. */
static struct chunks notes[NOTES];

static uint64_t key_of(int epfd, int fd)
{
	return (uint64_t)(uint32_t)(epfd + 1) << 32 | (uint32_t)(fd + 1);
}

static struct note *note_of(int fd, int which)
{
	struct note *chunk = chunk_of(&notes[which], fd);

	return chunk ? &chunk[fd % CHUNK_FDS] : NULL;
}

/* A note to be written, claimed: the one that has this key, or a free one. */
static struct note *claim_for(int fd, uint64_t key)
{
	for (int i = 0; i < NOTES; i++) {
		struct note *note = note_of(fd, i);

		if (note && slot_claim(&note->slot, key))
			return note;
	}
	for (int i = 0; i < NOTES; i++) {
		struct note *chunk = chunk_make(&notes[i], fd, sizeof *chunk);

		if (chunk && slot_claim(&chunk[fd % CHUNK_FDS].slot, SLOT_FREE))
			return &chunk[fd % CHUNK_FDS];
	}
	return NULL;
}

void note_write(int epfd, int fd, const struct epoll_event *event)
{
	uint64_t key = key_of(epfd, fd);
	struct note *note = claim_for(fd, key);

	hint_noted(fd, note);
	if (!note)
		return;
	note->events = event->events;
	note->data = event->data.u64;
	slot_publish(&note->slot, key);
}

bool note_read(int fd, int which, int *epfd, struct epoll_event *event)
{
	struct note *note = note_of(fd, which);
	uint64_t key = note ? slot_key(&note->slot) : SLOT_FREE;

	if ((uint32_t)key != (uint32_t)(fd + 1))
		return false;
	*epfd = (int)(key >> 32) - 1;
	*event = (struct epoll_event){.events = note->events, .data.u64 = note->data};
	return slot_has(&note->slot, key);
}

void note_erase(int epfd, int fd)
{
	for (int i = 0; i < NOTES; i++) {
		struct note *note = note_of(fd, i);

		if (note && slot_clear(&note->slot, key_of(epfd, fd)))
			return;
	}
}

void note_forget(int fd)
{
	if (!hint_has_notes(fd))
		return;
	for (int i = 0; i < NOTES; i++) {
		struct note *note = note_of(fd, i);
		uint64_t key = note ? slot_key(&note->slot) : SLOT_FREE;

		if (key != SLOT_FREE)
			slot_clear(&note->slot, key);
	}
	hint_forget_notes(fd);
}
