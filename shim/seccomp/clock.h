/* SPDX-License-Identifier: MIT */
/*
 * clock.h - what time is it? Without a system call, where the machine's clock can be read so
 */
#ifndef VSOCKIFY_SECCOMP_CLOCK_H
#define VSOCKIFY_SECCOMP_CLOCK_H

#include <stdint.h>
#include <time.h>

/* clock_ms() - milliseconds of CLOCK_MONOTONIC, as sys_now_ms() */
static inline int64_t clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
