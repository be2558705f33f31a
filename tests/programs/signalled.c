/* SPDX-License-Identifier: MIT */
/*
 * signalled.c - a signal that says which descriptor has something to read (O_ASYNC, F_SETSIG),
 * asked for before connect(), and before bind()
 */
#include <signal.h>

#include "tcp.h"

#define NUMBER (SIGRTMIN + 3)

static sigset_t set;

static void ask_for_signals(int fd)
{
	must(fcntl(fd, F_SETOWN, getpid()));
	must(fcntl(fd, F_SETSIG, NUMBER));
	must(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
}

/* The next one that says that there is something to read */
static void await(const char *what, int fd)
{
	siginfo_t info;

	do {
		if (sigtimedwait(&set, &info, &(struct timespec){.tv_sec = 20}) < 0) {
			say("%s: no signal", what);
			return;
		}
	} while (!(info.si_band & POLLIN));
	say("%s: of %s", what, info.si_fd == fd ? "the descriptor" : "another");
}

static void signals(const struct family *f)
{
	int listener = socket_of(f, 0), client = socket_of(f, 0), server;
	struct address at = address_of(f->loopback, 0), peer;

	while (sigtimedwait(&set, NULL, &(struct timespec){0}) > 0) /* what came before */
		continue;
	ask_for_signals(listener);
	must(bind(listener, &at.any, at.len));
	must(listen(listener, 5));
	ask_for_signals(client);
	at = address_of(f->loopback, local_port(listener));
	must(connect(client, &at.any, at.len));
	check_carried(client);
	await("the listener", listener);
	server = accept_one(listener, &peer);
	must(send(server, "x", 1, 0));
	await("the client", client);
	close(server);
	close(client);
	close(listener);
}

int main(void)
{
	sigemptyset(&set);
	sigaddset(&set, NUMBER);
	sigprocmask(SIG_BLOCK, &set, NULL);
	each_family("signals", signals);
	return test_failed;
}
