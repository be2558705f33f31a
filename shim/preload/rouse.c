/* SPDX-License-Identifier: MIT */
/*
 * rouse.c - ends the waiting of threads in accept(), where nothing can connect to them
 */
#include "rouse.h"

#include <signal.h>
#include <sys/time.h>

#include "../kernel/proctext.h"
#include "../kernel/sys.h"
#include "procfd.h"

/* ---- the time-out ---- */

/* The kernel makes a tick of it: 1 to 10 ms. No program sets less than that. */
static const struct timeval shortest = {.tv_usec = 1};
#define LONGEST_TICK_US 10000

static void set_timeout(int listener, const struct timeval *limit)
{
	sys_setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, limit, sizeof *limit);
}

/* In microseconds; 0 for none, and up to a minute. */
static long timeout_of(int listener)
{
	struct timeval limit = {0};
	socklen_t len = sizeof limit;

	sys_getsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, &len);
	return (limit.tv_sec < 60 ? (long)limit.tv_sec : 60) * 1000000 + (long)limit.tv_usec;
}

void rouse_no_more(int listener)
{
	long limit = timeout_of(listener);

	if (limit && limit <= LONGEST_TICK_US)
		set_timeout(listener, &(struct timeval){0});
}

/* ---- the signal ---- */

/* Of glibc (sysdeps/unix/sysv/linux/internal-signals.h); sigaction() pretends not to know it.
 */
#define SIGSETXID 33

/* What rt_sigaction(2) gives. */
struct kernel_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

/* Is libc's handler there? It comes with the first thread; without it the signal kills. */
static bool signal_is_handled(void)
{
	struct kernel_sigaction action = {0};

	return SYS_CALL(SYS_rt_sigaction, SIGSETXID, NULL, &action, sizeof action.mask) == 0 &&
	       action.handler != SIG_DFL && action.handler != SIG_IGN &&
	       action.flags & SA_RESTART && action.flags & SA_SIGINFO;
}

/* Which descriptor does the thread accept from? -1 for none. */
static int accepts_from(int thread)
{
	char path[PROCTEXT_PATH], text[64];
	const char *at = text;
	uint64_t call, fd;

	proctext_path(path, "/proc/self/task/", thread, "/syscall");
	if (proctext_read(path, text, sizeof text) && proctext_number(&at, 10, &call) &&
	    call == SYS_accept4 && proctext_number(&at, 16, &fd))
		return (int)fd;
	return -1;
}

static bool rouse_thread(int thread, void *listener_cookie)
{
	int fd = accepts_from(thread);
	uint64_t cookie;
	siginfo_t info = {.si_signo = SIGSETXID, .si_code = SI_QUEUE};
	pid_t process = (pid_t)SYS_CALL(SYS_getpid);

	info.si_pid = process;
	if (fd >= 0 && sys_cookie(fd, &cookie) == 0 && cookie == *(uint64_t *)listener_cookie)
		SYS_CALL(SYS_rt_tgsigqueueinfo, process, thread, SIGSETXID, &info);
	return true;
}

void rouse(int listener)
{
	uint64_t cookie;

	if (timeout_of(listener) == 0)
		set_timeout(listener, &shortest);
	if (sys_cookie(listener, &cookie) == 0 && signal_is_handled())
		procfd_each_thread(rouse_thread, &cookie);
}
