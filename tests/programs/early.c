/* SPDX-License-Identifier: MIT */
/*
 * early.c - wrapped calls at odd moments: before main, and in a signal handler
 *
 * There must be a rule that leads 10.0.0.1:7070 to a listener of this machine.
 */
#include <signal.h>
#include <sys/time.h>

#include "tcp.h"

static int before_main = -1, before_constructors = -1;
static int early_errno;

static int early_connect(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons(7070),
				 .sin_addr = {htonl(0x0a000001)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&in, sizeof in) < 0) {
		early_errno = errno;
		return -1;
	}
	return fd;
}

/* Before the constructors of all libraries, the shim's among them. */
static void preinit(void)
{
	before_constructors = early_connect();
}

__attribute__((section(".preinit_array"), used)) static void (*preinit_pointer)(void) = preinit;

__attribute__((constructor)) static void construct(void)
{
	before_main = early_connect();
}

static volatile sig_atomic_t rounds;

/* All that a handler may call: socket, connect, getsockname, setsockopt, close. */
static void on_alarm(int number)
{
	int saved = errno, fd = early_connect(), value = 99;
	struct sockaddr_in in = {0};
	socklen_t len = sizeof in;

	(void)number;
	if (fd >= 0 && getpeername(fd, (struct sockaddr *)&in, &len) == 0 &&
	    in.sin_addr.s_addr == htonl(0x0a000001) &&
	    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, sizeof value) == 0)
		rounds++;
	close(fd);
	errno = saved;
}

int main(void)
{
	struct itimerval often = {{0, 3000}, {0, 3000}}, never = {{0, 0}, {0, 0}};

	check(before_main >= 0);
	if (before_main < 0)
		say("the constructor's connect: %s", error_name(early_errno));
	check(carried(before_main));
	check(before_constructors >= 0 && carried(before_constructors));

	/* a handler that interrupts the same calls in the main program */
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; rounds < 30 && i < 100000; i++) {
		int fd = early_connect();

		check(fd >= 0 && carried(fd));
		check(strcmp(peer_name(fd), "ENOTCONN") != 0);
		close(fd);
		if (test_failed)
			break;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	check(rounds >= 30);
	return test_failed;
}
