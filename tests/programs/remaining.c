/* SPDX-License-Identifier: MIT */
/*
 * remaining.c - two listeners of one port, one of which is closed: the other serves on
 *
 * remaining			over TCP or over VM sockets: the same
 * remaining after-exec ...	what it becomes in exec, with two descriptors
 */
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "tcp.h"

/* Two addresses of one port, and where a client of each connects to. */
static const struct pair {
	const char *ips[2], *to[2];
} pairs[] = {
	{{"0.0.0.0", "::"}, {"127.0.0.1", "::1"}},
	{{"::", "0.0.0.0"}, {"::1", "127.0.0.1"}},
	{{"127.0.0.1", "::1"}, {"127.0.0.1", "::1"}},
	{{"127.0.0.2", "127.0.0.1"}, {"127.0.0.2", "127.0.0.1"}},
};

/* How a listener comes not to block, and how the program waits. */
static const struct way {
	const char *label;
	enum { FROM_BIRTH, BY_FCNTL, BY_IOCTL, BEFORE_LISTEN, BLOCKING } when;
	enum { POLL, EPOLL, EPOLL_EDGE } wait;
} ways[] = {
	{"SOCK_NONBLOCK, poll", FROM_BIRTH, POLL},
	{"fcntl, poll", BY_FCNTL, POLL},
	{"ioctl, epoll", BY_IOCTL, EPOLL},
	{"before listen, epoll", BEFORE_LISTEN, EPOLL},
	{"SOCK_NONBLOCK, edge-triggered epoll", FROM_BIRTH, EPOLL_EDGE},
};

struct server {
	const struct pair *pair;
	const struct way *way;
	int fds[2], epoll;
	int late; /* events for one that is closed */
	uint16_t port;
};

static int domain_of(const char *ip)
{
	return address_of(ip, 0).any.sa_family;
}

/* ---- opening ---- */

static void never_block(int fd)
{
	must(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK));
}

/* A port that nothing else has to do with: no connection lingers on it. */
static uint16_t fresh_port(void)
{
	static uint16_t next = 22000;

	return next++;
}

static void bind_one(struct server *s, int i)
{
	int flags = s->way->when == FROM_BIRTH ? SOCK_NONBLOCK : 0, on = 1;
	int fd = must(socket(domain_of(s->pair->ips[i]), SOCK_STREAM | flags, 0));

	if (domain_of(s->pair->ips[i]) == AF_INET6)
		must(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on));
	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)); /* for the next run */
	must(bind_to(fd, s->pair->ips[i], s->port));
	s->fds[i] = fd;
}

static void listen_one(struct server *s, int i)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
	int on = 1;

	if (s->way->when == BEFORE_LISTEN)
		never_block(s->fds[i]);
	must(listen(s->fds[i], 5));
	if (s->way->when == BY_FCNTL)
		never_block(s->fds[i]);
	if (s->way->when == BY_IOCTL)
		must(ioctl(s->fds[i], FIONBIO, &on));
	check_carried(s->fds[i]);
	if (s->way->wait == EPOLL_EDGE)
		event.events |= EPOLLET;
	must(epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->fds[i], &event));
}

static void open_both(struct server *s, const struct pair *pair, const struct way *way)
{
	section(way->label, pair->ips[0]);
	*s = (struct server){.pair = pair, .way = way, .port = fresh_port()};
	s->epoll = must(epoll_create1(EPOLL_CLOEXEC));
	know_port(s->port, "port");
	bind_one(s, 0);
	bind_one(s, 1);
	listen_one(s, 0);
	listen_one(s, 1);
}

static void close_all(struct server *s)
{
	close(s->fds[0]);
	close(s->fds[1]);
	close(s->epoll);
}

/* ---- serving ---- */

/* Which listeners are ready? A bit for each. */
static unsigned ready(struct server *s, int timeout)
{
	struct pollfd fds[2] = {{.fd = s->fds[0], .events = POLLIN},
				{.fd = s->fds[1], .events = POLLIN}};
	struct epoll_event events[2];
	unsigned bits = 0;
	int count;

	if (s->way->wait == POLL) {
		if (poll(fds, 2, timeout) > 0)
			bits = (fds[0].revents & POLLIN ? 1 : 0) |
			       (fds[1].revents & POLLIN ? 2 : 0);
		return bits;
	}
	if (s->fds[0] < 0 || s->fds[1] < 0)
		poll(NULL, 0, 50); /* till there are all events that there will be */
	count = epoll_wait(s->epoll, events, 2, timeout);
	for (int i = 0; i < count; i++) {
		bits |= 1U << events[i].data.u32;
		s->late += s->fds[events[i].data.u32] < 0;
	}
	return bits;
}

/* The accepted socket that a client of ours belongs to; -1 if nobody is told of it. */
static int accept_from(struct server *s, struct address *peer, int timeout)
{
	int fd = -1;

	while (fd < 0) {
		unsigned bits = ready(s, timeout);

		if (!bits)
			return -1;
		for (int i = 0; i < 2 && fd < 0; i++) {
			if (!(bits >> i & 1) || s->fds[i] < 0)
				continue;
			peer->len = sizeof peer->room;
			fd = accept(s->fds[i], &peer->any, &peer->len);
			check(fd >= 0 || errno == EAGAIN);
		}
	}
	return fd;
}

/* Clients are other programs, as it were: they do not take the number of what is closed. */
static int client_socket(struct server *s, int i)
{
	int fd = must(socket(domain_of(s->pair->to[i]), SOCK_STREAM, 0));
	int high = must(fcntl(fd, F_DUPFD_CLOEXEC, 500));

	close(fd);
	return high;
}

static int client_to(struct server *s, int i)
{
	int fd = client_socket(s, i);
	int connected = connect_to(fd, s->pair->to[i], s->port);

	say("connect to %s: %s", s->pair->to[i], result(connected));
	if (connected == 0)
		know_port(local_port(fd), "client");
	return fd;
}

static void end(int client, int server)
{
	check_carried(server);
	check_echo(client, server);
	shutdown(client, SHUT_RDWR);
	check(read(server, &(char){0}, 1) == 0);
	close(client);
	close(server);
}

/* A client of either address is served, whichever listener it is that does. */
static void both_serve(struct server *s)
{
	struct address peer;

	for (int i = 0; i < 4; i++) {
		int client = client_to(s, i % 2), server = accept_from(s, &peer, PATIENCE_MS);

		say("accepted: %d", server >= 0);
		end(client, server);
	}
}

static void describe(int fd)
{
	int domain = 0, v6only = 0;
	socklen_t len = sizeof(int);

	must(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len));
	say("local %s, domain %d", local_name(fd), domain);
	say("IPV6_V6ONLY: %s, %d",
	    result(getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, &len)), v6only);
	say("set IPV6_V6ONLY: %s",
	    result(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only)));
	say("bind again: %s", result(bind_to(fd, "127.0.0.1", 0)));
}

/* A client of the address that is left gets what it would get had there been no other. */
static void serves_on(struct server *s, int i)
{
	struct address peer;
	int client = client_to(s, i), server = accept_from(s, &peer, 2000);

	if (server < 0) {
		say("nobody is told");
		close(client);
		return;
	}
	say("accepted from %s", show(&peer));
	say("local %s, peer %s", local_name(server), peer_name(server));
	end(client, server);
}

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

/* ---- those that block ---- */

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

/* The same, if the child blocks in accept(). */
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
		close_under_thread(&pairs[p], false);
		close_under_thread(&pairs[p], true);
		give_up(&pairs[p]);
		close_in_child(&pairs[p], &ways[0]);
	}
	close_under_poll(&pairs[0]);
	block_in_child(&pairs[0]);
	close_after_exec(&pairs[0], &ways[0], 0);
	return test_failed;
}
