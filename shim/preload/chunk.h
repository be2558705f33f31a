/* SPDX-License-Identifier: MIT */
/*
 * chunk.h - something about each descriptor, in memory that is mapped where it is used
 *
 * Theory of operation
 *
 * A descriptor is any number up to INT_MAX, and most programs have a few dozen. So there is a
 * pointer for every CHUNK_FDS of them, in a table of which the untouched pages do not exist;
 * what it points to is mapped when it is first written, and only the pages that are touched
 * count as well. A chunk stays where it is for the life of the process: who has found it needs
 * no lock.
 */
#ifndef VSOCKIFY_SHIM_CHUNK_H
#define VSOCKIFY_SHIM_CHUNK_H

#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>

#define CHUNK_FDS 65536
#define CHUNKS    (INT_MAX / CHUNK_FDS + 1)

/* For static storage: all zero at first. */
struct chunks {
	_Atomic(void *) of[CHUNKS];
};

/*
 * chunk_of() - the memory for the descriptors around @fd
 * @fd: not negative; what is about it lies at index @fd % CHUNK_FDS
 * Return: NULL if none of these was written yet
 */
static inline void *chunk_of(struct chunks *chunks, int fd)
{
	return atomic_load_explicit(&chunks->of[fd / CHUNK_FDS], memory_order_acquire);
}

/*
 * chunk_make() - the same, mapped and zero if it was not there
 * @size: in bytes, of what is kept about one descriptor
 * Return: NULL if there is no memory. Async-signal-safe, errno untouched.
 */
void *chunk_make(struct chunks *chunks, int fd, size_t size);

#endif
