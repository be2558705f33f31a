/* SPDX-License-Identifier: MIT */
/*
 * memory.h - may what a program points at be read, or written?
 *
 * Theory of operation
 *
 * The kernel answers a bad pointer with EFAULT; the shim, which looks at an address before the
 * kernel does, would crash. So it asks before it looks, where the kernel has not been there
 * already. Nearly all programs have their addresses on the stack, in one of the functions that
 * called; that is seen without asking. Else it costs a system call.
 *
 * Two calls say it and do nothing else: rt_sigprocmask(), which reads the set before it finds
 * that it was not told what to do, and an atomic addition of zero by futex(). Where a sandbox
 * forbids them, the program's word is taken for it.
 *
 * All functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_MEMORY_H
#define VSOCKIFY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the frames of the shim's callers take up at least, with what lies behind them: a
 * thread's stack ends with more, main()'s with the environment. */
#define MEMORY_NEAR 2048

/* memory_is_near() - does it lie in a frame of those who called? */
static inline bool memory_is_near(const void *at)
{
	char here;

	return (uintptr_t)at - (uintptr_t)&here < MEMORY_NEAR;
}

/* memory_ask_readable(), memory_ask_writable() - for those below */
bool memory_ask_readable(const void *at, size_t size);
bool memory_ask_writable(void *at, size_t size);

/* memory_readable(), memory_writable() - may @size bytes be read there, or written? */
static inline bool memory_readable(const void *at, size_t size)
{
	return __builtin_expect(memory_is_near(at), 1) || memory_ask_readable(at, size);
}

static inline bool memory_writable(void *at, size_t size)
{
	return __builtin_expect(memory_is_near(at), 1) || memory_ask_writable(at, size);
}

#endif
