/* SPDX-License-Identifier: MIT */
/*
 * hint.h - what this process has done with TCP sockets that are not converted yet
 *
 * Theory of operation
 *
 * Conversion replaces a TCP socket by a new one, and must carry over what the program had done
 * to the old: options, duplicates. To read every option of every socket just in case would
 * cost more than the connection itself. These hints say what need not be looked at.
 *
 * A hint is never the record: what it says is checked against the kernel, and a wrong one
 * costs time or, at the worst, an option that is not carried over. One is believed half-way:
 * an unbound IP socket under a descriptor that was made here as a TCP socket is taken for one;
 * every wrapped call that puts something else under a descriptor says so. Hints need no lock,
 * mean the same in a forked child, and do not care about close(). For descriptors that were
 * made elsewhere (inherited over exec, received over a Unix socket) every option is looked at.
 *
 * All functions are async-signal-safe and make no system call, but to map memory.
 */
#ifndef VSOCKIFY_HINT_H
#define VSOCKIFY_HINT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The hints of descriptors up to here are looked at inline, those beyond by a function. */
#define HINT_FDS 65536

enum {
	HINT_MADE = 1,       /* by socket(), as a TCP socket */
	HINT_DUPLICATED = 2, /* has a duplicate, or is one */
	HINT_CONVERTED = 4,
	HINT_SILENT = 8,  /* a silent listener (second.h) */
	HINT_SHARED = 16, /* one of several descriptors of a listener (share.h) */
	/* these are about the number, and outlive what is under it: */
	HINT_FAR = 32,     /* one that is so many HINT_FDS beyond it was converted */
	HINT_NOTED = 64,   /* there are notes of it (note.h) */
	HINT_MISSED = 128, /* it is in an epoll of which there is none */
};

/* Read by the functions here, written by those of hint.c. */
extern _Atomic uint8_t hint_bytes[HINT_FDS] __attribute__((visibility("hidden")));

/* hint_far() - hints_of() for descriptors beyond HINT_FDS */
uint8_t hint_far(int fd);

/* hints_of() - all hints of @fd; 0 if it is negative */
static inline uint8_t hints_of(int fd)
{
	if (__builtin_expect(fd >= 0 && fd < HINT_FDS, 1))
		return atomic_load_explicit(&hint_bytes[fd], memory_order_relaxed);
	return hint_far(fd);
}

/* hint_socket() - socket() was called with these arguments and returned @fd (or failed) */
void hint_socket(int fd, int domain, int type, int protocol);

/* hint_clear() - forget all hints of @fd */
void hint_clear(int fd);

/* hint_unmade() - @fd now is something that this process did not make as a TCP socket. Nothing
 * is written where nothing is to be cleared: the page may not be there yet. */
static inline void hint_unmade(int fd)
{
	if (hints_of(fd) & (HINT_MADE | HINT_CONVERTED))
		hint_clear(fd);
}

/* hint_is_made() - may @fd be a TCP socket that this process made? */
static inline bool hint_is_made(int fd)
{
	return hints_of(fd) & HINT_MADE;
}

/* hint_is_plain() - may it be one that was not converted? */
static inline bool hint_is_plain(int fd)
{
	return (hints_of(fd) & (HINT_MADE | HINT_CONVERTED)) == HINT_MADE;
}

/* hint_option() - the option of this index (kept.h) was set on some socket */
void hint_option(unsigned index);

/*
 * hint_options() - the options that may have been set on @fd before it is converted
 * Return: a bit for each index
 */
uint64_t hint_options(int fd);

/* hint_foreign() - a socket came from another process: from now on look at every option */
void hint_foreign(void);

/* hint_duplicated() - @copy is a duplicate of @fd */
void hint_duplicated(int fd, int copy);

/* hint_scattered() - @fd was sent over a Unix socket, or came over one: any descriptor may be a
 * duplicate */
void hint_scattered(int fd);

/*
 * hint_each_duplicate() - call @visit for each descriptor that may be a duplicate of @fd (which
 * may be among them) until it returns other than 0
 * Return: what it returned last; 0 if there is none
 */
int hint_each_duplicate(int fd, int (*visit)(int fd, const void *argument),
			const void *argument);

/* hint_has_duplicate() - may @fd have a duplicate? */
static inline bool hint_has_duplicate(int fd)
{
	return hints_of(fd) & HINT_DUPLICATED;
}

/* hint_undivided() - @fd is by itself again, whatever became of its duplicates */
void hint_undivided(int fd);

/* hint_owner() - some descriptor was given an owner for its signals (F_SETOWN, F_SETSIG);
 * hint_has_owner() - may @fd have one? */
void hint_owner(void);
bool hint_has_owner(int fd);

/* hint_converted() - @fd was converted; hint_was_converted() - may it have been? */
void hint_converted(int fd);
static inline bool hint_was_converted(int fd)
{
	return hints_of(fd) & HINT_CONVERTED;
}

/*
 * hint_may_be_converted() - the same for the data path, in as few instructions as there can be
 *
 * It does not look where the hints of @fd are: descriptors whose numbers differ by a multiple
 * of HINT_FDS share one answer. And it reads the byte as a plain one, which is no different but
 * for the compiler, who then tests it where it lies.
 */
__attribute__((no_sanitize("thread"))) static inline bool hint_may_be_converted(int fd)
{
	return ((const uint8_t *)hint_bytes)[(unsigned)fd % HINT_FDS] &
	       (HINT_CONVERTED | HINT_FAR);
}

/* hint_accepted() - @fd is a converted socket that was not made here: accepted from a converted
 * listener, received, or a duplicate of such */
void hint_accepted(int fd);

/* hint_noted() - an epoll_ctl() of @fd was noted, or could not be */
void hint_noted(int fd, bool noted);

/* hint_has_notes() - may there be notes of this number?
 * hint_misses_notes() - may it be in an epoll of which there is none? */
static inline bool hint_has_notes(int fd)
{
	return hints_of(fd) & (HINT_NOTED | HINT_MISSED);
}
static inline bool hint_misses_notes(int fd)
{
	return hints_of(fd) & HINT_MISSED;
}

/* hint_forget_notes() - there are no notes of this number, and it is in no epoll */
void hint_forget_notes(int fd);

/* hint_silent() - @fd now is a silent listener, or no longer; hint_is_silent() - may it be? */
void hint_silent(int fd, bool silent);
static inline bool hint_is_silent(int fd)
{
	return hints_of(fd) & HINT_SILENT;
}

/* hint_any_silent() - was there ever one in this process? */
bool hint_any_silent(void);

/* hint_shared() - @fd now is one of several descriptors of a listener, or no longer;
 * hint_is_shared() - may it be? */
void hint_shared(int fd, bool shared);
static inline bool hint_is_shared(int fd)
{
	return hints_of(fd) & HINT_SHARED;
}

#endif
