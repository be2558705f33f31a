/* SPDX-License-Identifier: MIT */
/*
 * outcome.h - what failed connections failed with: a table that the broker and programs share
 *
 * Theory of operation
 *
 * A pending connection that fails is closed by the broker, and all that the kernel can tell the
 * program is ECONNRESET. So the broker notes TCP's errno first, in memory that programs have
 * mapped read-only, under the cookie of the program's socket, which no other has as long as the
 * machine runs. A connection's slot is given by its cookie; a later one with the same slot
 * takes it over, 65,536 cookies later at the earliest as they are counted up. Who finds nothing
 * says what the kernel said.
 *
 * One writer at a time, any number of readers, no lock: a slot is odd while it is written, and
 * a reader that saw it change has found nothing. All in 32 bits, for what reads 64 at once on
 * some machines also writes. A writer that died in the middle leaves an odd slot to the next.
 *
 * Pure functions on shared memory, async-signal-safe.
 */
#ifndef VSOCKIFY_BROKER_OUTCOME_H
#define VSOCKIFY_BROKER_OUTCOME_H

#include <stdatomic.h>
#include <stdint.h>

#define OUTCOME_SLOTS 65536

struct outcome_slot {
	_Atomic uint32_t turn;
	_Atomic uint32_t error; /* and why, above its 16 bits */
	_Atomic uint32_t cookie_low, cookie_high;
};

struct outcomes {
	struct outcome_slot slots[OUTCOME_SLOTS];
};
_Static_assert(sizeof(struct outcomes) == 1 << 20, "1 MiB");

/* outcome_note() - the connection of the socket with this cookie fails with @error, positive;
 * @why: a number that says more of it (route/dialogue.h) */
static inline void outcome_note(struct outcomes *outcomes, uint64_t cookie, uint32_t error,
				uint8_t why)
{
	struct outcome_slot *slot = &outcomes->slots[cookie % OUTCOME_SLOTS];
	uint32_t turn = atomic_load_explicit(&slot->turn, memory_order_relaxed) | 1;

	atomic_store_explicit(&slot->turn, turn, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&slot->error, error | (uint32_t)why << 16, memory_order_relaxed);
	atomic_store_explicit(&slot->cookie_low, (uint32_t)cookie, memory_order_relaxed);
	atomic_store_explicit(&slot->cookie_high, (uint32_t)(cookie >> 32),
			      memory_order_relaxed);
	atomic_store_explicit(&slot->turn, turn + 1, memory_order_release);
}

/*
 * outcome_of() - what it failed with
 * @why: filled in
 * Return: a positive errno; 0: nothing is known. Whoever asks has seen that it failed.
 */
static inline int outcome_of(const struct outcomes *outcomes, uint64_t cookie, uint8_t *why)
{
	const struct outcome_slot *slot = &outcomes->slots[cookie % OUTCOME_SLOTS];
	uint32_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
	uint32_t error = atomic_load_explicit(&slot->error, memory_order_relaxed);
	uint64_t found =
		atomic_load_explicit(&slot->cookie_low, memory_order_relaxed) |
		(uint64_t)atomic_load_explicit(&slot->cookie_high, memory_order_relaxed) << 32;

	atomic_thread_fence(memory_order_acquire);
	if (turn & 1 || turn != atomic_load_explicit(&slot->turn, memory_order_relaxed) ||
	    found != cookie || (error & 0xffff) > 4095)
		return 0;
	*why = (uint8_t)(error >> 16);
	return (int)(error & 0xffff);
}

#endif
