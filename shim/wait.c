/* SPDX-License-Identifier: MIT */
/*
 * wait.c - waits for the end of a connect(), as TCP's blocking connect waits
 */
#include "wait.h"

#include <limits.h>
#include <poll.h>
#include <sys/time.h>

#include "carry.h"
#include "engine.h"
#include "kernel/sys.h"
#include "log/log.h"
#include "settle.h"
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

int wait_failed(int fd, int error)
{
	int tcp = tcp_error(error);

	log_failure("connect", fd, "no connection", tcp, transport_usual_cause(tcp, false));
	return tcp;
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
	return error ? -wait_failed(fd, error) : 0;
}

/* The same of an attempt that the broker makes; 1: it does not make this one. */
static int outcome_past_broker(int fd)
{
	struct mark m;
	int error = 0, state = settle(fd, &m);

	switch (state) {
	case SETTLED_BEFORE:
		return 1;
	case STILL_PENDING:
		return -EINPROGRESS;
	case HAS_FAILED:
		if (sys_getsockopt_int(fd, SOL_SOCKET, SO_ERROR, &error) == 0)
			error = settle_error(fd, error);
		return error ? -error : -ECONNABORTED;
	default:
		return state < 0 ? state : 0;
	}
}

int wait_connected(int fd)
{
	int timeout, ready = wait_limit(fd, SO_SNDTIMEO, &timeout), result;

	if (ready < 0)
		return ready;
	/* often it has come to be meanwhile, and there is nothing else to be asked */
	if (engine_connects_first() && !settle_may_be(fd) && sys_connected(fd) == 1)
		return 0;
	ready = engine_wait(fd, POLLOUT, timeout, timeout < 0);
	if (ready < 0)
		return ready;
	if (ready == 0)
		return -EINPROGRESS;
	result = settle_may_be(fd) ? outcome_past_broker(fd) : 1;
	return result == 1 ? outcome(fd, (short)ready) : result;
}
