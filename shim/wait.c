/* SPDX-License-Identifier: MIT */
/*
 * wait.c - waits for the end of a connect(), as TCP's blocking connect waits
 */
#include "wait.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>

#include "carry.h"
#include "kernel/sys.h"
#include "transport/transport.h"

int wait_limit(int fd, int option, int *timeout)
{
	struct timeval limit = {.tv_sec = 0};
	socklen_t len = sizeof limit;
	int result = 0;

	if (carry_maybe_set(fd, SOL_SOCKET, option))
		result = sys_getsockopt(fd, SOL_SOCKET, option, &limit, &len);
	if ((limit.tv_sec == 0 && limit.tv_usec == 0) || limit.tv_sec > INT_MAX / 1000 - 1)
		*timeout = -1;
	else
		*timeout = (int)(limit.tv_sec * 1000 + (limit.tv_usec + 999) / 1000);
	return result;
}

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

/* How the attempt ended, once poll() has said that it did. */
static int outcome(int fd, short revents)
{
	/* Always asked: vsock_poll() looks at the error before it takes the socket's lock, so a
	 * refusal that comes just then shows as POLLOUT without POLLERR. */
	int error = 0, result = sys_getsockopt_int(fd, SOL_SOCKET, SO_ERROR, &error);

	if (revents & POLLNVAL) /* closed by a signal handler, or another thread */
		return -EBADF;
	/* shutdown() by another thread; TCP's attempt ends so (tcp_disconnect()) */
	if (revents & POLLHUP)
		return -ECONNRESET;
	if (result < 0)
		return result;
	return error ? -tcp_error(error) : 0;
}

/* libc's poll() under its other public name, in case the program has one of its own */
extern int __poll(struct pollfd *fds, nfds_t count, int timeout);

int wait_for(int fd, short events, int timeout, bool restarts)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	int saved = errno, ready;

	do
		ready = __poll(&poll_fd, 1, timeout);
	while (ready < 0 && errno == EINTR && restarts && interrupted_calls_restart());
	if (ready < 0)
		ready = -errno;
	errno = saved;
	return ready > 0 ? poll_fd.revents : ready;
}

int wait_connected(int fd)
{
	int timeout, ready = wait_limit(fd, SO_SNDTIMEO, &timeout);

	if (ready < 0)
		return ready;
	ready = wait_for(fd, POLLOUT, timeout, timeout < 0);
	if (ready < 0)
		return ready;
	return ready == 0 ? -EINPROGRESS : outcome(fd, (short)ready);
}
