/* SPDX-License-Identifier: MIT */
/*
 * hint.c - a byte for each descriptor, in memory that is only touched where it is used
 */
#include "hint.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "chunk.h"
#include "copies.h"

/* Linux's; libc's <netinet/in.h> of some systems lacks it. */
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* Aligned, to be walked over by the word. */
_Atomic uint8_t hint_bytes[HINT_FDS] __attribute__((aligned(sizeof(uint64_t))));
static struct chunks far_bytes;
static _Atomic uint64_t options;
static _Atomic int highest_duplicate = -1;
static _Atomic bool owners, any_silent;

/* Where the hints of @fd are; NULL if nothing was hinted of any around it. */
static _Atomic uint8_t *find(int fd)
{
	_Atomic uint8_t *chunk;

	if (fd < 0)
		return NULL;
	if (fd < HINT_FDS)
		return &hint_bytes[fd];
	chunk = chunk_of(&far_bytes, fd);
	return chunk ? &chunk[fd % CHUNK_FDS] : NULL;
}

/* The same, to write there; NULL without memory, too: then there are no hints. */
static _Atomic uint8_t *find_room(int fd)
{
	if (fd >= HINT_FDS)
		chunk_make(&far_bytes, fd, sizeof(uint8_t));
	return find(fd);
}

uint8_t hint_far(int fd)
{
	_Atomic uint8_t *byte = find(fd);

	return byte ? atomic_load_explicit(byte, memory_order_relaxed) : 0;
}

/*
 * Bits of one byte, changed at once: by the word that it is in, since some processors (RISC-V)
 * can do that to no byte, and the compiler would want a library for it.
 */
typedef uint32_t __attribute__((may_alias)) word;

static word in_word(uint8_t bits, size_t at)
{
	union {
		uint8_t bytes[sizeof(word)];
		word all;
	} mask = {{0}};

	mask.bytes[at] = bits;
	return mask.all;
}

static void set_bits(_Atomic uint8_t *byte, uint8_t bits)
{
	size_t at = (uintptr_t)byte % sizeof(word);

	__atomic_fetch_or((word *)(byte - at), in_word(bits, at), __ATOMIC_RELAXED);
}

static void clear_bits(_Atomic uint8_t *byte, uint8_t bits)
{
	size_t at = (uintptr_t)byte % sizeof(word);

	__atomic_fetch_and((word *)(byte - at), ~in_word(bits, at), __ATOMIC_RELAXED);
}

#define OF_NOTES  (HINT_NOTED | HINT_MISSED)
#define OF_NUMBER (OF_NOTES | HINT_FAR)

static void set(int fd, uint8_t all)
{
	_Atomic uint8_t *byte = find_room(fd);

	if (byte)
		atomic_store_explicit(
			byte, (uint8_t)((all & ~OF_NUMBER) | (hints_of(fd) & OF_NUMBER)),
			memory_order_relaxed);
}

static void add(int fd, uint8_t hint)
{
	_Atomic uint8_t *byte = hints_of(fd) & hint ? NULL : find_room(fd);

	if (byte)
		set_bits(byte, hint);
}

/* For hint_may_be_converted(), which does not look far. */
static void tell_near(int fd)
{
	if (fd >= HINT_FDS)
		add(fd % HINT_FDS, HINT_FAR);
}

static void take(int fd, uint8_t hint)
{
	_Atomic uint8_t *byte = hints_of(fd) & hint ? find(fd) : NULL;

	if (byte)
		clear_bits(byte, hint);
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

/* It is among those that next_duplicate() looks at. */
static void reach(int highest)
{
	int seen = atomic_load_explicit(&highest_duplicate, memory_order_relaxed);

	while (highest > seen &&
	       !atomic_compare_exchange_weak(&highest_duplicate, &seen, highest))
		continue;
}

void hint_scattered(int fd)
{
	copies_unknown(fd);
	add(fd, HINT_DUPLICATED);
	reach(fd);
}

void hint_duplicated(int fd, int copy)
{
	copies_note(fd, copy, !hint_has_duplicate(fd));
	add(fd, HINT_DUPLICATED);
	set(copy, hints_of(fd));
	if (hint_was_converted(copy))
		tell_near(copy);
	reach(fd > copy ? fd : copy);
}

/* Has none of the eight descriptors from this one on a duplicate? */
static bool none_of_eight(const _Atomic uint8_t *bytes)
{
	typedef uint64_t __attribute__((may_alias)) eight;

	return !(__atomic_load_n((const eight *)bytes, __ATOMIC_RELAXED) &
		 UINT64_C(0x0101010101010101) * HINT_DUPLICATED);
}

/* The next descriptor that may be a duplicate of another, or -1 at the end. */
static int next_duplicate(int after)
{
	int64_t last = atomic_load_explicit(&highest_duplicate, memory_order_relaxed);

	for (int64_t fd = (int64_t)after + 1; fd <= last; fd++) {
		const _Atomic uint8_t *byte = find((int)fd);

		if (!byte)
			fd |= CHUNK_FDS - 1; /* the last one without hints */
		else if (fd % 8 == 0 && none_of_eight(byte))
			fd += 7;
		else if (atomic_load_explicit(byte, memory_order_relaxed) & HINT_DUPLICATED)
			return (int)fd;
	}
	return -1;
}

int hint_each_duplicate(int fd, int (*visit)(int fd, const void *argument),
			const void *argument)
{
	int copies[COPIES], count = copies_of(fd, copies), result = 0;

	for (int i = 0; i < count && result == 0; i++)
		result = visit(copies[i], argument);
	for (int other = -1; count < 0 && result == 0 && (other = next_duplicate(other)) >= 0;)
		result = visit(other, argument);
	return result;
}

void hint_undivided(int fd)
{
	take(fd, HINT_DUPLICATED);
}

void hint_converted(int fd)
{
	add(fd, HINT_CONVERTED);
	tell_near(fd);
}

void hint_accepted(int fd)
{
	set(fd, HINT_CONVERTED);
	tell_near(fd);
}

void hint_owner(void)
{
	atomic_store_explicit(&owners, true, memory_order_relaxed);
}

bool hint_has_owner(int fd)
{
	return !hint_is_made(fd) || atomic_load_explicit(&owners, memory_order_relaxed);
}

void hint_noted(int fd, bool noted)
{
	add(fd, noted ? HINT_NOTED : HINT_MISSED);
}

void hint_forget_notes(int fd)
{
	_Atomic uint8_t *byte = find(fd);

	if (byte)
		clear_bits(byte, OF_NOTES);
}

void hint_silent(int fd, bool silent)
{
	if (!silent) {
		take(fd, HINT_SILENT);
		return;
	}
	add(fd, HINT_SILENT);
	atomic_store_explicit(&any_silent, true, memory_order_relaxed);
}

bool hint_any_silent(void)
{
	return atomic_load_explicit(&any_silent, memory_order_relaxed);
}

void hint_shared(int fd, bool shared)
{
	if (shared)
		add(fd, HINT_SHARED);
	else
		take(fd, HINT_SHARED);
}
