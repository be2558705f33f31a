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

/* Wait for something to read, whatever signals come, and whoever cancels this thread: nobody
 * would close the socket, and no VMM likes it if somebody did. 0, -ETIMEDOUT, or another
 * negated errno. */
static int wait_readable(int fd, int64_t until)
{
	int events = 0;

	do {
		int64_t left = until - sys_now_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		events = engine_wait_out(fd, POLLIN, left < INT_MAX ? (int)left : INT_MAX);
	} while (events == 0 || events == -EINTR);
	return events < 0 ? events : 0;
}

/* The dialogue; 0, or a negated errno of TCP's. */
static int hold_dialogue(int fd, struct vm_address to, int64_t until)
{
	struct dialogue d;
	int result;

	if (to.port == PORT_OF_PATH) /* nobody has to be told */
		return 0;
	speak_begin(&d, to);
	result = speak(fd, &d);
	while (result == 0) {
		result = wait_readable(fd, until);
		if (result == 0)
			result = speak(fd, &d);
	}
	return result == 1 ? 0 : result;
}

/* How long to wait while the VMM has not taken those who came before. */
#define QUEUE_MS 2

/* Connect to the VMM's path; 0, or a negated errno of the kernel's. */
static int reach(int fd, struct vm_address to, int64_t until)
{
	struct timespec pause = {.tv_nsec = QUEUE_MS * 1000000L};
	int result;

	while ((result = transport_connect(fd, to)) == -EAGAIN && sys_now_ms() < until &&
	       engine_may_wait())
		SYS_CALL(SYS_nanosleep, &pause, NULL);
	return result == -EAGAIN ? -ETIMEDOUT : result;
}

int route_enter(int fd, int program, struct vm_address to, uint64_t timeout_us)
{
	int64_t until =
		sys_now_ms() + (timeout_us ? (int64_t)(timeout_us / 1000) : DIALOGUE_USUAL_MS);
	int result = reach(fd, to, until);

	if (result < 0) {
		log_failure("connect", program, "there is no way to the VMM's socket", -result,
			    transport_usual_cause(-result, true));
		return -muxer_tcp_error(-result);
	}
	result = hold_dialogue(fd, to, until);
	if (result < 0)
		log_failure("connect", program, "the VMM does not connect", -result,
			    speak_failed(-result));
	return result;
}
