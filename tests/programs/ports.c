/* SPDX-License-Identifier: MIT */
/*
 * ports.c - a client's port does not come back while a server may still hold the old connection
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include "tcp.h"

#define CONNECTIONS 600

/* The client closes at once, the server does not. Then it does, all at a time. */
static void one_after_the_other(const struct family *f)
{
	static int servers[CONNECTIONS];
	static bool used[UINT16_MAX + 1];
	int listener = listener_on(f, f->loopback, 0, "server"), last, server, again = 0;
	struct address peer;

	memset(used, 0, sizeof used);
	for (int i = 0; i < CONNECTIONS; i++) {
		int fd = socket_of(f, 0);

		must(connect_to(fd, f->loopback, local_port(listener)));
		again += used[local_port(fd)];
		used[local_port(fd)] = true;
		servers[i] = accept_one(listener, &peer);
		close(fd);
	}
	say("ports that came back: %d", again);
	last = socket_of(f, 0);
	must(connect_to(last, f->loopback, local_port(listener)));
	server = accept_one(listener, &peer);
	for (int i = 0; i < CONNECTIONS; i++)
		close(servers[i]);
	check_echo(last, server);
	close(last);
	close(server);
	close(listener);
}

static uint16_t port_of_next_client(const struct family *f, int listener)
{
	int fd = socket_of(f, 0);
	uint16_t port;

	must(connect_to(fd, f->loopback, local_port(listener)));
	port = local_port(fd);
	close(fd);
	close(must(accept(listener, NULL, NULL)));
	return port;
}

/* A forked child does not take the ports that its parent is about to take. */
static void after_fork(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server"), same = 0, status, ends[2];

	must(pipe(ends));
	port_of_next_client(f, listener);
	for (int i = 0; i < 3; i++) {
		uint16_t childs = 0;

		if (must(fork()) == 0) {
			childs = port_of_next_client(f, listener);
			_exit(write(ends[1], &childs, sizeof childs) != sizeof childs);
		}
		must(wait(&status));
		check(status == 0 && read(ends[0], &childs, sizeof childs) == sizeof childs);
		same += port_of_next_client(f, listener) == childs;
	}
	say("parent and child always take the same: %d", same == 3);
	close(ends[0]);
	close(ends[1]);
	close(listener);
}

int main(void)
{
	struct rlimit limit;

	must(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = CONNECTIONS + 100;
	must(setrlimit(RLIMIT_NOFILE, &limit));
	each_family("one after the other", one_after_the_other);
	each_family("after fork", after_fork);
	return test_failed;
}
