/* SPDX-License-Identifier: MIT */
/*
 * muxer.c - the dialogue with a VMM
 */
#include "muxer.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include "../engine.h"
#include "../kernel/decimal.h"
#include "../kernel/sys.h"
#include "../log/log.h"
#include "../transport/transport.h"

/* As the kernel's VM sockets: VSOCK_DEFAULT_CONNECT_TIMEOUT */
#define USUAL_MS 2000

/* "OK 4294967295\n", and room for somebody who is wordy */
#define ANSWER_MAX 32

/* Wait for something to read, whatever signals come; 0, -ETIMEDOUT, or another negated errno.
 */
static int wait_readable(int fd, int64_t until)
{
	int events = 0;

	do {
		int64_t left = until - sys_now_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		events = engine_wait(fd, POLLIN, left < INT_MAX ? (int)left : INT_MAX, true);
	} while (events == 0 || events == -EINTR);
	return events < 0 ? events : 0;
}

static int say_connect(int fd, uint32_t port)
{
	char command[] = "CONNECT 4294967295\n";
	char *end = decimal_put(command + sizeof "CONNECT " - 1, port);
	ssize_t length, sent;

	*end++ = '\n';
	length = end - command;
	sent = sys_send(fd, command, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent == length)
		return 0;
	/* it has closed already, or takes half a command */
	return sent == -EPIPE || sent == -ECONNRESET ? -ECONNREFUSED
	       : sent < 0                            ? (int)sent
						     : -EPROTO;
}

/* May this be the beginning of an answer? */
static bool may_be_answer(const char *text, size_t length)
{
	return memcmp(text, "OK ", length < 3 ? length : 3) == 0;
}

/*
 * Take what there is of the answer, and not a byte more.
 * @have: bytes of it so far
 * Return: 1: it is whole; 0: it is not; or a negated errno
 */
static int take_answer(int fd, char answer[ANSWER_MAX], size_t *have)
{
	ssize_t seen =
		sys_recv(fd, answer + *have, ANSWER_MAX - *have, MSG_PEEK | MSG_DONTWAIT);
	const char *end;

	if (seen == -EAGAIN)
		return 0;
	if (seen == 0 || seen == -ECONNRESET)
		return -ECONNREFUSED;
	if (seen < 0)
		return (int)seen;
	end = memchr(answer + *have, '\n', (size_t)seen);
	if (end)
		seen = end + 1 - (answer + *have);
	if (sys_recv(fd, answer + *have, (size_t)seen, MSG_DONTWAIT) != seen)
		return -EPROTO;
	*have += (size_t)seen;
	if (!may_be_answer(answer, *have) || (!end && *have == ANSWER_MAX))
		return -EPROTO;
	return end != NULL;
}

/* The dialogue; 0, or a negated errno of TCP's. */
static int speak(int fd, uint32_t port, int64_t until)
{
	char answer[ANSWER_MAX];
	size_t have = 0;
	int result = say_connect(fd, port);

	while (result == 0) {
		result = wait_readable(fd, until);
		if (result == 0)
			result = take_answer(fd, answer, &have);
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

	while ((result = transport_connect(fd, to)) == -EAGAIN && sys_now_ms() < until)
		SYS_CALL(SYS_nanosleep, &pause, NULL);
	return result == -EAGAIN ? -ETIMEDOUT : result;
}

static const char *meaning(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return " (nobody listens at this port of the guest, or the guest is not up)";
	case ETIMEDOUT:
		return " (no answer within connect_timeout: is the guest paused? "
		       "vhost-device-vsock 0.3.0 carries nothing any more after this)";
	case EPROTO:
		return " (the answer is none of a VMM's: does the path belong to one?)";
	default:
		return "";
	}
}

int muxer_enter(int fd, int program, struct vm_address to, uint64_t timeout_us)
{
	int64_t until = sys_now_ms() + (timeout_us ? (int64_t)(timeout_us / 1000) : USUAL_MS);
	int result = reach(fd, to, until);

	if (result < 0) {
		log_failure("connect", program, "there is no way to the VMM's socket", -result,
			    transport_usual_cause(-result, true));
		return -muxer_tcp_error(-result);
	}
	result = speak(fd, to.port, until);
	if (result < 0)
		log_failure("connect", program, "the VMM does not connect", -result,
			    meaning(-result));
	return result;
}
