/* SPDX-License-Identifier: MIT */
/*
 * remaining.c - two listeners of one port that never block, one of which is closed: the other
 * serves on
 *
 * remaining			over TCP or over VM sockets: the same
 * remaining after-exec ...	what it becomes in exec, with two descriptors
 */
#include <sys/wait.h>

#include "two-listeners.h"

static const struct way ways[] = {
	{"SOCK_NONBLOCK, poll", FROM_BIRTH, POLL},
	{"fcntl, poll", BY_FCNTL, POLL},
	{"ioctl, epoll", BY_IOCTL, EPOLL},
	{"before listen, epoll", BEFORE_LISTEN, EPOLL},
	{"SOCK_NONBLOCK, edge-triggered epoll", FROM_BIRTH, EPOLL_EDGE},
};

/* ---- one is closed ---- */

static void close_one(const struct pair *pair, const struct way *way, int closed)
{
	struct server s;

	open_both(&s, pair, way);
	for (int i = 0; i < 2; i++)
		describe(s.fds[i]);
	both_serve(&s);
	say("the %s is closed", closed ? "second" : "first");
	close(s.fds[closed]);
	s.fds[closed] = -1;
	describe(s.fds[!closed]);
	for (int i = 0; i < 3; i++)
		serves_on(&s, !closed);
	say("%s: events for the one that is closed: %s", way->label,
	    s.late == 0  ? "none"
	    : s.late < 3 ? "one or two"
			 : "many");
	close_all(&s);
}

/* shutdown() of one does not reach the other. */
static void shut_one(const struct pair *pair, const struct way *way, int shut)
{
	struct server s;

	open_both(&s, pair, way);
	both_serve(&s);
	say("shutdown of the %s: %s", shut ? "second" : "first",
	    result(shutdown(s.fds[shut], SHUT_RDWR)));
	say("accept: %s, local %s", result(accept(s.fds[shut], NULL, NULL)),
	    local_name(s.fds[shut]));
	must(epoll_ctl(s.epoll, EPOLL_CTL_DEL, s.fds[shut], NULL));
	close(s.fds[shut]);
	s.fds[shut] = -1;
	serves_on(&s, !shut);
	close_all(&s);
}

/* The second is made to block; the first serves as before. */
static void block_one(const struct pair *pair, const struct way *way)
{
	struct server s;

	open_both(&s, pair, way);
	must(fcntl(s.fds[1], F_SETFL, O_RDWR));
	say("the first has O_NONBLOCK: %d", !!(fcntl(s.fds[0], F_GETFL) & O_NONBLOCK));
	serves_on(&s, 0);
	describe(s.fds[1]);
	close_all(&s);
}

/* More than anybody keeps a note of. */
static void many(const struct pair *pair, const struct way *way)
{
	static struct server servers[70];
	unsigned right = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(servers); i++) {
		struct server *s = &servers[i];

		*s = (struct server){.pair = pair, .way = way, .port = fresh_port()};
		s->epoll = must(epoll_create1(EPOLL_CLOEXEC));
		for (int j = 0; j < 2; j++) {
			bind_one(s, j);
			listen_one(s, j);
		}
	}
	section("many", pair->ips[0]);
	for (unsigned i = 0; i < ARRAY_SIZE(servers); i++) {
		struct address a = {.len = sizeof a.room};

		must(getsockname(servers[i].fds[1], &a.any, &a.len));
		right += a.any.sa_family == domain_of(pair->ips[1]) &&
			 port_in(&a) == servers[i].port;
	}
	say("second listeners that are what they were bound to: %u", right);
	both_serve(&servers[0]);
	both_serve(&servers[ARRAY_SIZE(servers) - 1]);
	for (unsigned i = 0; i < ARRAY_SIZE(servers); i++)
		close_all(&servers[i]);
}

/* ---- processes ---- */

/* A child keeps the second alone, its parent both. */
static void close_in_child(const struct pair *pair, const struct way *way)
{
	struct server s;
	int status;
	pid_t child;

	open_both(&s, pair, way);
	child = must(fork());
	if (child == 0) {
		close(s.fds[0]);
		s.fds[0] = -1;
		serves_on(&s, 1);
		exit(test_failed);
	}
	must(waitpid(child, &status, 0));
	check(status == 0);
	both_serve(&s);
	close_all(&s);
}

static void close_after_exec(const struct pair *pair, const struct way *way, unsigned index)
{
	struct server s;
	char text[4][12];
	int status;

	open_both(&s, pair, way);
	sprintf(text[0], "%u", index);
	sprintf(text[1], "%d", s.fds[0]);
	sprintf(text[2], "%d", s.fds[1]);
	sprintf(text[3], "%u", s.port);
	if (must(fork()) == 0) {
		execl("/proc/self/exe", "remaining", "after-exec", text[0], text[1], text[2],
		      text[3], NULL);
		_exit(127);
	}
	must(wait(&status));
	check(status == 0);
	close_all(&s);
}

static int after_exec(char **argv)
{
	struct server s = {.pair = &pairs[atoi(argv[2])],
			   .way = &ways[0],
			   .fds = {atoi(argv[3]), atoi(argv[4])},
			   .port = (uint16_t)atoi(argv[5])};
	struct address peer;
	int client, server;

	know_port(s.port, "port");
	say("after exec, the first is %s", local_name(s.fds[0]));
	say("after exec, the second is %s", local_name(s.fds[1]));
	close(s.fds[0]);
	s.fds[0] = -1;
	client = client_to(&s, 1);
	server = accept_from(&s, &peer, PATIENCE_MS);
	say("after exec, accepted %d", server >= 0);
	end(client, server);
	return test_failed;
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "after-exec") == 0)
		return after_exec(argv);
	for (unsigned w = 0; w < ARRAY_SIZE(ways); w++)
		for (unsigned p = 0; p < (w ? 1 : ARRAY_SIZE(pairs)); p++) {
			close_one(&pairs[p], &ways[w], 0);
			close_one(&pairs[p], &ways[w], 1);
		}
	many(&pairs[0], &ways[0]);
	close_one(&pairs[0], &ways[0], 0);
	for (unsigned p = 0; p < ARRAY_SIZE(pairs); p++) {
		shut_one(&pairs[p], &ways[0], 0);
		shut_one(&pairs[p], &ways[2], 1);
		block_one(&pairs[p], &ways[0]);
		close_in_child(&pairs[p], &ways[0]);
	}
	close_after_exec(&pairs[0], &ways[0], 0);
	return test_failed;
}
