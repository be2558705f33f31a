/* SPDX-License-Identifier: MIT */
/*
 * slot.h - room for a note that several threads write and read, without a lock
 *
 * Theory of operation
 *
 * A note counts while its slot has a key, which says what it is about. It is written by
 * claiming the slot, filling in the note, and publishing its key; a reader that finds another
 * key after it has copied the note drops the copy. A writer that was interrupted in between, or
 * lost in a fork, leaves the slot claimed: who comes meanwhile finds neither a note there nor
 * room for one.
 *
 * All functions are async-signal-safe and make no system call.
 */
#ifndef VSOCKIFY_SHIM_SLOT_H
#define VSOCKIFY_SHIM_SLOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* All zeroes when free. */
struct slot {
	_Alignas(8) _Atomic uint64_t key; /* which not every compiler for 32 bits aligns so */
};

/* No key of a note is one of these. */
#define SLOT_FREE    UINT64_C(0)
#define SLOT_CLAIMED UINT64_MAX

/* slot_key() - the key of the note in a slot; SLOT_FREE if there is none */
static inline uint64_t slot_key(struct slot *slot)
{
	uint64_t key = atomic_load(&slot->key);

	return key == SLOT_CLAIMED ? SLOT_FREE : key;
}

/* slot_has() - is it (still) this note? */
static inline bool slot_has(struct slot *slot, uint64_t key)
{
	return atomic_load(&slot->key) == key;
}

/*
 * slot_claim() - claim a slot, to write a note
 * @key: the one it has now, or SLOT_FREE
 * Return: false if it has another one, or is claimed
 */
static inline bool slot_claim(struct slot *slot, uint64_t key)
{
	return atomic_compare_exchange_strong(&slot->key, &key, SLOT_CLAIMED);
}

/* slot_publish() - the note in a claimed slot is written */
static inline void slot_publish(struct slot *slot, uint64_t key)
{
	atomic_store(&slot->key, key);
}

/* slot_clear() - forget a note; false if the slot has another key */
static inline bool slot_clear(struct slot *slot, uint64_t key)
{
	return atomic_compare_exchange_strong(&slot->key, &key, SLOT_FREE);
}

#endif
