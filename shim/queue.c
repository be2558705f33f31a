/* SPDX-License-Identifier: MIT */
/*
 * queue.c - the ioctl()s that ask how much data is queued; and FIONBIO, as fcntl() is in
 * duplicate.c
 */
#include "queue.h"

#include <linux/sockios.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "engine.h"
#include "kernel/memory.h"
#include "kernel/sys.h"
#include "mark.h"
#include "scratch.h"
#include "second.h"

/* ---- how much to look at ---- */

#define LOOK_LEAST 4096
#define LOOK_FIRST 262144
#define LOOK_MOST  SCRATCH_MAX

/*
 * By descriptor: the last answer in the upper half, what was read since in the lower. Numbers
 * that differ by a multiple share a slot, and mislead each other.
 */
#define SLOTS 1024
static _Atomic uint64_t slots[SLOTS];

_Atomic bool queue_is_asked, queue_has_edges;

static _Atomic uint64_t *slot_of(int fd)
{
	return &slots[(unsigned)fd % SLOTS];
}

void queue_add_read(int fd, size_t size)
{
	uint64_t seen = atomic_load_explicit(slot_of(fd), memory_order_relaxed);
	uint64_t taken = (uint32_t)seen + (uint64_t)size;

	if (seen)
		atomic_store_explicit(slot_of(fd),
				      (seen >> 32 << 32) |
					      (taken < LOOK_FIRST ? taken : LOOK_FIRST),
				      memory_order_relaxed);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * The cap of the next answer. As much as the program is likely to read, or what it left of the
 * last answer if that is not much more: else it would be copied again and again.
 */
static size_t look_at(uint64_t seen)
{
	uint64_t shown = seen >> 32, taken = (uint32_t)seen, most;

	if (!taken || shown < LOOK_LEAST) /* asked again, or that was all */
		most = larger(LOOK_FIRST, 2 * shown);
	else if (shown > taken && shown - taken <= 2 * taken)
		most = larger(taken, shown - taken);
	else
		most = taken;
	most = larger(most, LOOK_LEAST);
	return most < LOOK_MOST ? most : LOOK_MOST;
}

/* A negated errno if the socket has nothing to read and never will. */
static int readable(int fd)
{
	uint64_t seen = atomic_load_explicit(slot_of(fd), memory_order_relaxed);
	bool all = atomic_load_explicit(&queue_has_edges, memory_order_relaxed);
	int size = scratch_peek(fd, all ? LOOK_MOST : look_at(seen));

	if (size < 0)
		return size;
	atomic_store_explicit(slot_of(fd), (uint64_t)size << 32, memory_order_relaxed);
	if (!atomic_load_explicit(&queue_is_asked, memory_order_relaxed))
		atomic_store_explicit(&queue_is_asked, true, memory_order_relaxed);
	return size;
}

/* ---- the calls ---- */

/* The answer for a converted socket; a negated errno if there is none. */
static int answer(int fd, unsigned long request)
{
	int listens, size = request == SIOCINQ ? readable(fd) : 0;

	if (size > 0)
		return size;
	listens = sys_listens(fd);
	if (listens)
		return listens < 0 ? listens : -EINVAL; /* as TCP */
	if (size == -EAGAIN || size == -ENOTCONN)
		return 0;
	return size; /* SIOCOUTQ: handed to the peer already. SIOCATMARK: no urgent data. */
}

/* Is it known that the kernel has no answer? Then it costs a third of the whole to ask it. */
static bool is_vain(int fd, unsigned long request)
{
	return request == SIOCINQ && engine_was_converted(fd) &&
	       atomic_load_explicit(&queue_is_asked, memory_order_relaxed);
}

static int set_blocking(int fd, const int *never)
{
	int result;

	if (engine_is_shared(fd) && memory_readable(never, sizeof *never) && !*never)
		second_part(fd);
	result = sys_ioctl(fd, FIONBIO, (void *)never);
	if (result == 0 && *never)
		second_unblocked(fd);
	return result;
}

static int ask(int fd, unsigned long request, void *argument)
{
	bool known = request == SIOCINQ || request == SIOCOUTQ || request == SIOCATMARK;
	bool vain = is_vain(fd, request);
	int result = vain ? -ENOTTY : sys_ioctl(fd, request, argument), converted, number;
	struct mark m;

	/* ENOTTY is what TCP says to a request it does not know; VM sockets of 6.1 do not */
	if (result != -EOPNOTSUPP && !(result == -ENOTTY && known))
		return result;
	converted = mark_head(fd, &m);
	if (converted != 1)
		return vain ? sys_ioctl(fd, request, argument) : result;
	if (!known)
		return -ENOTTY;
	number = answer(fd, request);
	if (number < 0)
		return number;
	if (!memory_writable(argument, sizeof number))
		return -EFAULT;
	*(int *)argument = number;
	return 0;
}

int queue_ioctl(int fd, unsigned long request, void *argument)
{
	return request == FIONBIO ? set_blocking(fd, argument) : ask(fd, request, argument);
}
