/* SPDX-License-Identifier: MIT */
/*
 * memory.c - asks the kernel whether memory can be read or written
 */
#include "memory.h"

#include <linux/futex.h>

#include "sys.h"

#define PAGE_LEAST 4096 /* larger ones are asked about more often than need be */

/* The whole set is in the page that the byte is in. At NULL would be none at all. */
static bool may_read(uintptr_t at)
{
	uintptr_t set = at & ~(uintptr_t)(SYS_SIGSET - 1);

	return set && SYS_CALL(SYS_rt_sigprocmask, -1, set, NULL, SYS_SIGSET) != -EFAULT;
}

/* Nobody waits for @idle. Somebody who waits for the other word may be woken in vain, which
 * waiters expect. */
static bool may_write(uintptr_t at)
{
	static uint32_t idle;

	return SYS_CALL(SYS_futex, &idle, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, 0,
			at & ~(uintptr_t)3,
			FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_LT, 0)) != -EFAULT;
}

/* One byte of each page, and the last. */
static bool every_page(uintptr_t at, size_t size, bool (*may)(uintptr_t at))
{
	uintptr_t last = at + size - 1;

	if (!size)
		return true;
	if (last < at)
		return false;
	while (may(at)) {
		if (at / PAGE_LEAST == last / PAGE_LEAST)
			return true;
		at = (at / PAGE_LEAST + 1) * PAGE_LEAST;
	}
	return false;
}

bool memory_ask_readable(const void *at, size_t size)
{
	return every_page((uintptr_t)at, size, may_read);
}

bool memory_ask_writable(void *at, size_t size)
{
	return every_page((uintptr_t)at, size, may_write);
}
