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
static sigset_t signals; /* that are noticed */
static bool muffled;

static void ring(int signal)
{
	(void)signal;
	rung = 1;
	if (asleep)
		siglongjmp(awake, 1);
}

/* Without libc's care for signals of its own, which are not among these: this is done for each
 * accept(). */
static void change_mask(int how)
{
	muffled = how == SIG_BLOCK;
	SYS_CALL(SYS_rt_sigprocmask, how, &signals, NULL, SYS_SIGSET);
}

/* All others stay blocked. While the handler runs, so are both: a storm of them would fill the
 * stack. */
void bell_hang(void)
{
	struct sigaction action = {.sa_handler = ring, .sa_flags = SA_RESTART};

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	(void)sigaddset(&signals, SIGHUP);
	action.sa_mask = signals;
	(void)sigaction(SIGCHLD, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	change_mask(SIG_UNBLOCK);
}

void bell_muffle(void)
{
	change_mask(SIG_BLOCK);
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

	if (sigsetjmp(awake, 0) != 0) { /* out of the handler: they are blocked */
		asleep = 0;
		muffled = true;
		return -EINTR;
	}
	if (muffled)
		change_mask(SIG_UNBLOCK);
	asleep = 1;
	if (!rung)
		result = SYS_CALL(number, a, b, c, d);
	asleep = 0;
	return result;
}
