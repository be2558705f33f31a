/* SPDX-License-Identifier: MIT */
/*
 * hint.c - sets of descriptors as bits, in memory that is only touched where it is used
 */
#include "hint.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>

/* Linux's; libc's <netinet/in.h> of some systems lacks it. */
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* Descriptors beyond this number get no hint: their options are always looked at, their
 * duplicates never. */
#define HINT_FDS      65536
#define BITS_PER_WORD 64

struct fd_set_bits {
	_Atomic uint64_t words[HINT_FDS / BITS_PER_WORD];
};

static struct fd_set_bits made, duplicated, converted;
static _Atomic uint64_t options;
static _Atomic int highest_duplicate = -1;
static _Atomic bool owners;

static bool in_range(int fd)
{
	return fd >= 0 && fd < HINT_FDS;
}

static void add(struct fd_set_bits *set, int fd)
{
	_Atomic uint64_t *word;
	uint64_t bit;

	if (!in_range(fd))
		return;
	word = &set->words[fd / BITS_PER_WORD];
	bit = UINT64_C(1) << fd % BITS_PER_WORD;
	if (!(atomic_load_explicit(word, memory_order_relaxed) & bit))
		atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
}

static void take_out(struct fd_set_bits *set, int fd)
{
	_Atomic uint64_t *word;
	uint64_t bit;

	if (!in_range(fd))
		return;
	word = &set->words[fd / BITS_PER_WORD];
	bit = UINT64_C(1) << fd % BITS_PER_WORD;
	if (atomic_load_explicit(word, memory_order_relaxed) & bit)
		atomic_fetch_and_explicit(word, ~bit, memory_order_relaxed);
}

static bool contains(const struct fd_set_bits *set, int fd)
{
	return in_range(fd) &&
	       atomic_load_explicit(&set->words[fd / BITS_PER_WORD], memory_order_relaxed) >>
			       fd % BITS_PER_WORD &
		       1;
}

static bool is_tcp(int domain, int type, int protocol)
{
	return (domain == AF_INET || domain == AF_INET6) &&
	       (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM &&
	       (protocol == 0 || protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

void hint_socket(int fd, int domain, int type, int protocol)
{
	if (is_tcp(domain, type, protocol))
		add(&made, fd);
	else
		take_out(&made, fd);
	take_out(&converted, fd);
	take_out(&duplicated, fd);
}

void hint_unmade(int fd)
{
	take_out(&made, fd);
}

bool hint_is_made(int fd)
{
	return contains(&made, fd);
}

void hint_option(unsigned index)
{
	uint64_t bit = UINT64_C(1) << index;

	if (!(atomic_load_explicit(&options, memory_order_relaxed) & bit))
		atomic_fetch_or_explicit(&options, bit, memory_order_relaxed);
}

uint64_t hint_options(int fd)
{
	if (!hint_is_made(fd))
		return UINT64_MAX;
	return atomic_load_explicit(&options, memory_order_relaxed);
}

void hint_foreign(void)
{
	atomic_store_explicit(&options, UINT64_MAX, memory_order_relaxed);
}

void hint_duplicated(int fd, int copy)
{
	int seen = atomic_load_explicit(&highest_duplicate, memory_order_relaxed);
	int highest = fd > copy ? fd : copy;

	add(&duplicated, fd);
	add(&duplicated, copy);
	if (hint_is_made(fd))
		add(&made, copy);
	else
		take_out(&made, copy);
	while (highest > seen &&
	       !atomic_compare_exchange_weak(&highest_duplicate, &seen, highest))
		continue;
}

bool hint_has_duplicate(int fd)
{
	return contains(&duplicated, fd);
}

int hint_next_duplicate(int after)
{
	int last = atomic_load_explicit(&highest_duplicate, memory_order_relaxed);

	for (int fd = after + 1; fd <= last; fd++)
		if (contains(&duplicated, fd))
			return fd;
	return -1;
}

void hint_converted(int fd)
{
	add(&converted, fd);
}

bool hint_was_converted(int fd)
{
	return contains(&converted, fd);
}

void hint_owner(void)
{
	atomic_store_explicit(&owners, true, memory_order_relaxed);
}

bool hint_has_owner(int fd)
{
	return !hint_is_made(fd) || atomic_load_explicit(&owners, memory_order_relaxed);
}
