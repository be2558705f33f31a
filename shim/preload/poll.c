/* SPDX-License-Identifier: MIT */
/*
 * poll.c - waits for a descriptor in poll(), and goes on after signals as other calls do
 */
#include "poll.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>

#include "real.h"

/* Raised by what the thread itself does, so not while it waits: runtimes and crash reporters
 * handle these, and seldom care for SA_RESTART. */
static bool is_fault(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL ||
	       signal == SIGTRAP || signal == SIGSYS || signal == SIGABRT;
}

/*
 * Was the handler that interrupted us installed with SA_RESTART? The kernel does not tell
 * which signal it was, so: yes, if every handler of this process is that may have run.
 */
static bool interrupted_calls_restart(void)
{
	struct sigaction action;
	int saved = errno;
	bool restart = true;

	for (int signal = 1; signal < NSIG && restart; signal++)
		if (!is_fault(signal) && sigaction(signal, NULL, &action) == 0 &&
		    action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN &&
		    !(action.sa_flags & SA_RESTART))
			restart = false;
	errno = saved;
	return restart;
}

int poll_one(int fd, short events, int timeout, bool restarts)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	int saved = errno, ready;

	do
		ready = real.poll(&poll_fd, 1, timeout);
	while (ready < 0 && errno == EINTR && restarts && interrupted_calls_restart());
	if (ready < 0)
		ready = -errno;
	errno = saved;
	return ready > 0 ? poll_fd.revents : ready;
}
