/* SPDX-License-Identifier: MIT */
/*
 * succeeding.c - two listeners of one port, and the second blocks when the first is closed: it
 * takes the first's place
 */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "two-listeners.h"

static const struct way blocking = {"blocking", BLOCKING, POLL};

struct waiter {
	int listener, accepted;
	_Atomic pid_t thread;
	struct address peer;
};

static void *wait_in_accept(void *argument)
{
	struct waiter *w = argument;

	w->thread = (pid_t)syscall(SYS_gettid);
	w->peer.len = sizeof w->peer.room;
	w->accepted = must(accept(w->listener, &w->peer.any, &w->peer.len));
	return NULL;
}

/* Connect until somebody listens. */
static int client_of_somebody(struct server *s, int i)
{
	for (int tries = 0; tries < PATIENCE_MS / 20; tries++) {
		int fd = client_socket(s, i);

		if (connect_to(fd, s->pair->to[i], s->port) == 0) {
			know_port(local_port(fd), "client");
			return fd;
		}
		close(fd);
		poll(NULL, 0, 20);
	}
	complain("nobody listens");
	exit(1);
}

/* A thread waits in accept() of the second when the first is closed, or comes afterwards. */
static void close_under_thread(const struct pair *pair, bool waits)
{
	struct waiter w = {.accepted = -1};
	pthread_t thread;
	struct server s;
	int client;

	open_both(&s, pair, &blocking);
	w.listener = s.fds[1];
	if (!waits)
		close(s.fds[0]);
	must(-pthread_create(&thread, NULL, wait_in_accept, &w));
	while (!w.thread)
		poll(NULL, 0, 1);
	if (waits) {
		wait_asleep(w.thread);
		close(s.fds[0]);
	}
	client = client_of_somebody(&s, 1);
	pthread_join(thread, NULL);
	say("accepted from %s", show(&w.peer));
	say("local %s, listener's %s", local_name(w.accepted), local_name(s.fds[1]));
	end(client, w.accepted);
	s.fds[0] = -1;
	close_all(&s);
}

/* A limit of time, and a signal whose handler does not restart calls, end the wait. */
static void nothing(int signal)
{
	(void)signal;
}

static void give_up(const struct pair *pair)
{
	struct sigaction action = {.sa_handler = nothing};
	struct timeval limit = {.tv_usec = 100000}, none = {0};
	struct server s;

	open_both(&s, pair, &blocking);
	must(setsockopt(s.fds[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
	say("with SO_RCVTIMEO: %s", result(accept(s.fds[1], NULL, NULL)));
	must(setsockopt(s.fds[1], SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none));
	must(sigaction(SIGALRM, &action, NULL));
	must((int)ualarm(100000, 0));
	say("with a signal: %s", result(accept(s.fds[1], NULL, NULL)));
	close_all(&s);
}

/* Waited for in poll(), as PostgreSQL does in select(). */
static void close_under_poll(const struct pair *pair)
{
	struct address peer;
	struct server s;
	int client, connected, server;

	open_both(&s, pair, &blocking);
	close(s.fds[0]);
	s.fds[0] = -1;
	client = must(socket(domain_of(pair->to[1]), SOCK_STREAM, 0));
	connected = connect_to(client, pair->to[1], s.port);
	server = connected == 0 ? accept_from(&s, &peer, 2000) : -1;
	say("blocking, waited for in poll(): connect %s, accepted %d", result(connected),
	    server >= 0);
	close(client);
	close(server);
	close_all(&s);
}

/* A child waits in accept() of the second; its parent has both. */
static void block_in_child(const struct pair *pair)
{
	struct pollfd told[2];
	int pipe_fds[2], client;
	struct server s;
	pid_t child;

	open_both(&s, pair, &blocking);
	must(pipe(pipe_fds));
	child = must(fork());
	if (child == 0) {
		close(s.fds[0]);
		must(accept(s.fds[1], NULL, NULL));
		must((int)write(pipe_fds[1], "", 1));
		_exit(0);
	}
	client = client_of_somebody(&s, 1);
	told[0] = (struct pollfd){.fd = pipe_fds[0], .events = POLLIN};
	told[1] = (struct pollfd){.fd = s.fds[0], .events = POLLIN};
	check(poll(told, 2, PATIENCE_MS) > 0);
	say("a child waits at the second, its parent has the first: told is the %s",
	    told[0].revents ? "child" : "parent");
	kill(child, SIGKILL);
	must(waitpid(child, NULL, 0));
	close(client);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close_all(&s);
}

int main(void)
{
	for (unsigned p = 0; p < ARRAY_SIZE(pairs); p++) {
		close_under_thread(&pairs[p], false);
		close_under_thread(&pairs[p], true);
		give_up(&pairs[p]);
	}
	close_under_poll(&pairs[0]);
	block_in_child(&pairs[0]);
	return test_failed;
}
