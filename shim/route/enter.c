/* SPDX-License-Identifier: MIT */
/*
 * enter.c - the dialogue of a connection, waited for
 */
#include "enter.h"

#include <limits.h>
#include <time.h>

#include "../engine.h"
#include "../kernel/sys.h"
#include "../log/log.h"
#include "../transport/transport.h"
#include "speak.h"

/* Wait, whatever signals come, and whoever cancels this thread: nobody would close the socket,
 * and no VMM likes it if somebody did. 0, -ETIMEDOUT, or another negated errno. */
static int wait_for(int fd, short wanted, int64_t until)
{
	int events = 0;

	do {
		int64_t left = until - sys_now_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		events = engine_wait_out(fd, wanted, left < INT_MAX ? (int)left : INT_MAX);
	} while (events == 0 || events == -EINTR);
	return events < 0 ? events : 0;
}

/* The dialogue; 0, or a negated errno of TCP's. */
static int hold_dialogue(int fd, const struct route *way, struct dialogue *d, int64_t until)
{
	int result = speak(fd, d, way, NULL);

	while (result == 0) {
		result = wait_for(fd, POLLIN, until);
		if (result == 0)
			result = speak(fd, d, way, NULL);
		else if (result == -ETIMEDOUT)
			d->why = d->step == STEP_MUXER ? WHY_MUXER : WHY_LATE;
	}
	return result == 1 ? 0 : result;
}

/* How long to wait while a VMM has not taken those who came before. */
#define QUEUE_MS 2

/* Connect to a VMM's path; 0, or a negated errno of the kernel's. */
static int reach_path(int fd, struct vm_address to, int64_t until)
{
	struct timespec pause = {.tv_nsec = QUEUE_MS * 1000000L};
	int result;

	while ((result = transport_connect(fd, to)) == -EAGAIN && sys_now_ms() < until &&
	       engine_may_wait())
		SYS_CALL(SYS_nanosleep, &pause, NULL);
	return result == -EAGAIN ? -ETIMEDOUT : result;
}

/* Connect to a CID; 0, or a negated errno of the kernel's. */
static int reach_cid(int fd, struct vm_address to, int64_t until)
{
	int result = transport_connect(fd, to), error = 0;

	if (result == -EINPROGRESS)
		result = wait_for(fd, POLLOUT, until);
	if (result == 0) /* see wait.c: always asked */
		result = sys_getsockopt_int(fd, SOL_SOCKET, SO_ERROR, &error);
	return result < 0 ? result : -error;
}

int route_enter(int fd, int program, const struct route *way, uint64_t timeout_us, bool *owed)
{
	int64_t until = sys_now_ms() + route_limit_ms(way, timeout_us);
	bool muxed = way->first.path;
	struct dialogue d;
	int result =
		muxed ? reach_path(fd, way->first, until) : reach_cid(fd, way->first, until);

	*owed = false;
	if (result < 0) {
		log_failure("connect", program,
			    muxed ? "there is no way to the VMM's socket"
				  : "there is no way to the proxy",
			    -result, transport_usual_cause(-result, muxed));
		return muxed ? -muxer_tcp_error(-result) : -tcp_error(-result);
	}
	speak_begin(&d, way);
	result = hold_dialogue(fd, way, &d, until);
	*owed = dialogue_is_owed(&d);
	if (result < 0)
		log_failure("connect", program,
			    d.step == STEP_MUXER ? "the VMM does not connect"
						 : "the proxy does not connect",
			    -result, speak_failed(d.why, -result));
	return result;
}
