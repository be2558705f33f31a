/* SPDX-License-Identifier: MIT */
/*
 * hint.c - a byte for each descriptor, in memory that is only touched where it is used
 */
#include "hint.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* Linux's; libc's <netinet/in.h> of some systems lacks it. */
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

_Atomic uint8_t hint_bytes[HINT_FDS];
static _Atomic uint64_t options;
static _Atomic int highest_duplicate = -1;
static _Atomic bool owners;

static void set(int fd, uint8_t all)
{
	if (hint_in_range(fd))
		atomic_store_explicit(&hint_bytes[fd], all, memory_order_relaxed);
}

static void add(int fd, uint8_t hint)
{
	if (hint_in_range(fd) && !(hints_of(fd) & hint))
		atomic_fetch_or_explicit(&hint_bytes[fd], hint, memory_order_relaxed);
}

static bool is_tcp(int domain, int type, int protocol)
{
	return (domain == AF_INET || domain == AF_INET6) &&
	       (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM &&
	       (protocol == 0 || protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

void hint_socket(int fd, int domain, int type, int protocol)
{
	set(fd, is_tcp(domain, type, protocol) ? HINT_MADE : 0);
}

void hint_clear(int fd)
{
	set(fd, 0);
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

	add(fd, HINT_DUPLICATED);
	if (hint_in_range(fd))
		set(copy, hints_of(fd));
	while (highest > seen &&
	       !atomic_compare_exchange_weak(&highest_duplicate, &seen, highest))
		continue;
}

int hint_next_duplicate(int after)
{
	int last = atomic_load_explicit(&highest_duplicate, memory_order_relaxed);

	for (int fd = after + 1; fd <= last; fd++)
		if (hint_has_duplicate(fd))
			return fd;
	return -1;
}

void hint_converted(int fd)
{
	add(fd, HINT_CONVERTED);
}

void hint_accepted(int fd)
{
	set(fd, HINT_CONVERTED);
}

void hint_owner(void)
{
	atomic_store_explicit(&owners, true, memory_order_relaxed);
}

bool hint_has_owner(int fd)
{
	return !hint_is_made(fd) || atomic_load_explicit(&owners, memory_order_relaxed);
}
