/* SPDX-License-Identifier: MIT */
/*
 * bell.c - lets the supervisor sleep, and signals wake it
 */
#include "bell.h"

#include <setjmp.h>
#include <signal.h>

#include "../kernel/sys.h"

static volatile sig_atomic_t asleep, rung;
static sigjmp_buf awake;

static void ring(int signal)
{
	(void)signal;
	rung = 1;
	if (asleep)
		siglongjmp(awake, 1);
}

/* All others stay blocked. While the handler runs nothing more is, for it may not return. */
void bell_hang(void)
{
	struct sigaction action = {.sa_handler = ring, .sa_flags = SA_RESTART | SA_NODEFER};
	sigset_t both;

	(void)sigemptyset(&both);
	(void)sigaddset(&both, SIGCHLD);
	(void)sigaddset(&both, SIGHUP);
	(void)sigaction(SIGCHLD, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	(void)sigprocmask(SIG_UNBLOCK, &both, NULL);
}

bool bell_rang(void)
{
	if (!rung)
		return false;
	rung = 0; /* before anything is done about it */
	return true;
}

long bell_sleep(long number, long a, long b, long c, long d)
{
	long result = -EINTR;

	if (sigsetjmp(awake, 0) != 0) {
		asleep = 0;
		return -EINTR;
	}
	asleep = 1;
	if (!rung)
		result = SYS_CALL(number, a, b, c, d);
	asleep = 0;
	return result;
}
