/* SPDX-License-Identifier: MIT */
/*
 * readiness.c - registrations with epoll made before connect() or bind() stay in force
 *
 * readiness		over TCP or over VM sockets: the same
 * readiness high	descriptors beyond the table of notes, and more epolls than a row of it
 * holds
 */
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/wait.h>

#include "tcp.h"

static const struct {
	const char *label;
	uint32_t events;
} modes[] = {{"level", EPOLLIN | EPOLLOUT | EPOLLRDHUP},
	     {"edge", EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET},
	     {"one-shot", EPOLLIN | EPOLLOUT | EPOLLONESHOT},
	     {"edge, input only", EPOLLIN | EPOLLET}};

static int add(int ep, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event e = {.events = events, .data.u64 = data};

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

static const char *wait_text(int ep, int timeout)
{
	struct epoll_event got[8];
	int count = epoll_wait(ep, got, 8, timeout);
	char *text = scratch_text();

	sprintf(text, "%d", count);
	for (int i = 0; i < count; i++)
		sprintf(text + strlen(text), " (%s %llx)", events_text((int)got[i].events),
			(unsigned long long)got[i].data.u64);
	return text;
}

/* ---- a client registered before connect ---- */

static void client_in(const struct family *f, uint32_t events, const char *label)
{
	int listener = listener_on(f, f->loopback, 0, "server"), server;
	int fd = socket_of(f, SOCK_NONBLOCK), ep = must(epoll_create1(0));
	struct epoll_event e = {.events = events, .data.u64 = 0xfeedfacecafe};
	struct address peer;
	char buffer[8];

	must(add(ep, fd, events, 0xfeedfacecafe));
	connect_to(fd, f->loopback, local_port(listener));
	check_carried(fd);
	server = accept_one(listener, &peer);
	wait_for(fd, POLLOUT);
	say("%s: connected: %s", label, wait_text(ep, events & EPOLLOUT ? PATIENCE_MS : 0));
	say("%s: again: %s", label, wait_text(ep, 0));
	must(send(server, "data", 4, 0));
	wait_for(fd, POLLIN);
	say("%s: data: %s", label, wait_text(ep, 0));
	say("%s: again: %s", label, wait_text(ep, 0));
	say("%s: ADD: %s", label, result(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e)));
	say("%s: MOD: %s", label, result(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e)));
	say("%s: after MOD: %s", label, wait_text(ep, 0));
	must(recv(fd, buffer, 4, MSG_WAITALL));
	close(server);
	wait_for(fd, POLLRDHUP);
	say("%s: DEL: %s", label, result(epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL)));
	say("%s: DEL again: %s", label, result(epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL)));
	say("%s: after DEL: %s", label, wait_text(ep, 0));
	close(fd);
	close(ep);
	close(listener);
}

static void client_before_connect(const struct family *f)
{
	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++)
		client_in(f, modes[i].events, modes[i].label);
}

static void refused(const struct family *f)
{
	int fd = socket_of(f, SOCK_NONBLOCK), ep = must(epoll_create1(0));
	struct epoll_event got;

	must(add(ep, fd, EPOLLIN | EPOLLOUT | EPOLLET, 5));
	connect_to(fd, f->loopback, free_port());
	got.events = 0;
	/* and EPOLLERR, but vsock_poll() may look for the error a moment before it is there */
	say("refused: %d", epoll_wait(ep, &got, 1, PATIENCE_MS));
	say("refused: OUT %d", !!(got.events & EPOLLOUT));
	say("SO_ERROR: %s", pending_error(fd));
	close(fd);
	close(ep);
}

/* ---- a listener registered before bind, or between bind and listen ---- */

static void listener_in(const struct family *f, uint32_t events, bool before_bind)
{
	int fd = socket_of(f, SOCK_NONBLOCK), ep = must(epoll_create1(0)), client, server;

	if (before_bind)
		must(add(ep, fd, events, 0xabc));
	must(bind_to(fd, f->loopback, 0));
	if (!before_bind)
		must(add(ep, fd, events, 0xabc));
	must(listen(fd, 5));
	check_carried(fd);
	say("nobody yet: %s", wait_text(ep, 0));
	for (int i = 0; i < 2; i++) {
		client = socket_of(f, 0);
		must(connect_to(client, f->loopback, local_port(fd)));
		say("somebody: %s", wait_text(ep, PATIENCE_MS));
		say("again: %s", wait_text(ep, 0));
		server = must(accept(fd, NULL, NULL));
		say("accepted: %s", wait_text(ep, 0));
		close(server);
		close(client);
	}
	close(fd);
	say("closed: %s", wait_text(ep, 0));
	close(ep);
}

static void listener_registered(const struct family *f)
{
	for (int before = 0; before < 2; before++) {
		listener_in(f, EPOLLIN, before);
		listener_in(f, EPOLLIN | EPOLLET, before);
		listener_in(f, EPOLLIN | EPOLLEXCLUSIVE, before);
	}
}

/* ---- several epolls, several descriptors, other processes ---- */

static void in_epolls(const struct family *f, int count)
{
	int listener = listener_on(f, f->loopback, 0, "server");
	int fd = socket_of(f, SOCK_NONBLOCK), eps[32];

	for (int i = 0; i < count; i++) {
		eps[i] = must(epoll_create1(0));
		must(add(eps[i], fd, EPOLLOUT | (i % 2 ? EPOLLET : 0), (uint64_t)i + 1));
	}
	connect_to(fd, f->loopback, local_port(listener));
	wait_for(fd, POLLOUT);
	for (int i = 0; i < count; i++) {
		say("epoll %d: %s", i, wait_text(eps[i], PATIENCE_MS));
		close(eps[i]);
	}
	close(fd);
	close(listener);
}

static void two_epolls(const struct family *f)
{
	in_epolls(f, 2);
	in_epolls(f, 4);
	in_epolls(f, 7); /* more than are noted for one descriptor */
}

/* The epoll was made and filled by the parent, the child connects. */
static void after_fork(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server");
	int fd = socket_of(f, SOCK_NONBLOCK), ep = must(epoll_create1(0)), status;

	must(add(ep, fd, EPOLLOUT | EPOLLET, 0x77));
	if (must(fork()) == 0) {
		connect_to(fd, f->loopback, local_port(listener));
		say("in the child: %s", wait_text(ep, PATIENCE_MS));
		_exit(0);
	}
	must(wait(&status));
	check(status == 0);
	close(fd);
	close(ep);
	close(listener);
}

/* An epoll that is itself registered with another, which is all that is waited for. */
static void nested(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server"), server;
	int outer = must(epoll_create1(0)), inner = must(epoll_create1(0));
	int fd = socket_of(f, SOCK_NONBLOCK);
	struct address peer;

	must(add(outer, inner, EPOLLIN | EPOLLET, 0xeb));
	must(add(inner, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, 0xdad));
	connect_to(fd, f->loopback, local_port(listener));
	check_carried(fd);
	server = accept_one(listener, &peer);
	wait_for(fd, POLLOUT);
	say("connected: %s", wait_text(outer, 0));
	must(send(server, "data", 4, 0));
	say("data: %s", wait_text(outer, PATIENCE_MS));
	say("data inside: %s", wait_text(inner, 0));
	say("again: %s", wait_text(outer, 0));
	say("again inside: %s", wait_text(inner, 0));
	close(server);
	wait_for(fd, POLLRDHUP);
	say("end: %s", wait_text(outer, PATIENCE_MS));
	say("end inside: %s", wait_text(inner, 0));
	close(fd);
	close(inner);
	close(outer);
	close(listener);
}

/* An epoll that has another number by the time of the connect. */
static void moved(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server");

	for (int reused = 0; reused < 3; reused++) {
		int fd = socket_of(f, SOCK_NONBLOCK), ep = must(epoll_create1(0)), copy,
		    other = -1;

		must(add(ep, fd, EPOLLOUT, 7));
		copy = must(dup(ep));
		close(ep);
		if (reused)
			other = must(reused == 1 ? dup(0) : epoll_create1(0));
		check(!reused || other == ep);
		connect_to(fd, f->loopback, local_port(listener));
		wait_for(fd, POLLOUT);
		say("moved: %s", wait_text(copy, PATIENCE_MS / 10));
		say("removed: %s", result(epoll_ctl(copy, EPOLL_CTL_DEL, fd, NULL)));
		say("after it: %s", wait_text(copy, 0));
		close(fd);
		close(copy);
		close(other);
	}
	close(listener);
}

/* A one-shot registration that has had its event before the connect */
static void used_up(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server");

	for (int others = 0; others < 200; others += 60) {
		int fd = socket_of(f, SOCK_NONBLOCK), ep = must(epoll_create1(0));
		int more[200];
		struct epoll_event e = {.events = EPOLLOUT | EPOLLONESHOT, .data.u64 = 6};

		for (int i = 0; i < others; i++) {
			more[i] = socket_of(f, 0);
			must(add(ep, more[i], EPOLLIN | EPOLLONESHOT, 5));
		}
		for (int left = others; left > 0;)
			left -= epoll_wait(ep, &e, 1, PATIENCE_MS);
		e = (struct epoll_event){.events = EPOLLOUT | EPOLLONESHOT, .data.u64 = 6};
		must(add(ep, fd, e.events, 6));
		say("unconnected: %s", wait_text(ep, PATIENCE_MS));
		say("again: %s", wait_text(ep, 0));
		connect_to(fd, f->loopback, local_port(listener));
		wait_for(fd, POLLOUT);
		say("connected: %s", wait_text(ep, 0));
		say("armed: %s", result(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e)));
		say("now: %s", wait_text(ep, PATIENCE_MS));
		say("again: %s", wait_text(ep, 0));
		for (int i = 0; i < others; i++)
			close(more[i]);
		close(fd);
		close(ep);
	}
	close(listener);
}

/* A registration that was changed or removed again before connect. */
static void changed_before(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server");
	int fd = socket_of(f, SOCK_NONBLOCK), ep = must(epoll_create1(0));
	struct epoll_event e = {.events = EPOLLOUT, .data.u64 = 2};

	must(add(ep, fd, EPOLLIN, 1));
	must(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e));
	connect_to(fd, f->loopback, local_port(listener));
	wait_for(fd, POLLOUT);
	say("modified: %s", wait_text(ep, PATIENCE_MS));
	close(fd);

	fd = socket_of(f, SOCK_NONBLOCK);
	must(add(ep, fd, EPOLLOUT, 3));
	must(epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL));
	connect_to(fd, f->loopback, local_port(listener));
	wait_for(fd, POLLOUT);
	say("removed: %s", wait_text(ep, 0));
	close(fd);

	/* closed without removing, and the number used again */
	fd = socket_of(f, SOCK_NONBLOCK);
	must(add(ep, fd, EPOLLOUT, 4));
	close(fd);
	fd = socket_of(f, SOCK_NONBLOCK);
	connect_to(fd, f->loopback, local_port(listener));
	wait_for(fd, POLLOUT);
	say("closed: %s", wait_text(ep, 0));
	close(fd);
	close(ep);
	close(listener);
}

static void many(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server"), fds[100], seen = 0;
	int ep = must(epoll_create1(0));

	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = socket_of(f, SOCK_NONBLOCK);
		must(add(ep, fds[i], EPOLLOUT | EPOLLONESHOT, i));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++) {
		connect_to(fds[i], f->loopback, local_port(listener));
		if (wait_for(listener, POLLIN))
			close(must(accept(listener, NULL, NULL)));
	}
	while (seen < (int)ARRAY_SIZE(fds)) {
		struct epoll_event got[16];
		int count = epoll_wait(ep, got, 16, PATIENCE_MS);

		if (count <= 0)
			break;
		seen += count;
	}
	say("reported: %d, then %s", seen, wait_text(ep, 0));
	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	close(ep);
	close(listener);
}

/* ---- poll and select ---- */

static void others(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server"), server;
	int fd = socket_of(f, SOCK_NONBLOCK);
	struct timeval patience = {PATIENCE_MS / 1000, 0};
	struct address peer;
	fd_set readable, writable;

	connect_to(fd, f->loopback, local_port(listener));
	FD_ZERO(&readable);
	FD_ZERO(&writable);
	FD_SET(fd, &readable);
	FD_SET(fd, &writable);
	say("select: %d", select(fd + 1, &readable, &writable, NULL, &patience));
	say("readable %d, writable %d", !!FD_ISSET(fd, &readable), !!FD_ISSET(fd, &writable));
	server = accept_one(listener, &peer);
	say("poll: %s", events_text(events_now(fd, POLLIN | POLLOUT | POLLRDHUP)));
	must(send(server, "x", 1, 0));
	wait_for(fd, POLLIN);
	say("poll: %s", events_text(events_now(fd, POLLIN | POLLOUT | POLLRDHUP)));
	must(shutdown(server, SHUT_WR));
	wait_for(fd, POLLRDHUP);
	say("poll: %s", events_text(events_now(fd, POLLIN | POLLOUT | POLLRDHUP)));
	close(fd);
	close(server);
	close(listener);
}

static void high_descriptors(void)
{
	static const int places[] = {4095, 4096, 8191, 65535, 65536, 65540};
	struct rlimit limit;

	must(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = limit.rlim_max = 70000;
	must(setrlimit(RLIMIT_NOFILE, &limit));
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		const struct family *f = &families[i % 2];
		int listener = listener_on(f, f->loopback, 0, "server"), fd, low;
		int ep = must(epoll_create1(0));

		/* moved up as shells and daemons do, before anything is known of it */
		low = socket_of(f, SOCK_NONBLOCK);
		fd = must(fcntl(low, F_DUPFD, places[i]));
		close(low);
		must(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){99}, sizeof(int)));
		must(add(ep, fd, EPOLLOUT | EPOLLET, (uint64_t)fd));
		connect_to(fd, f->loopback, local_port(listener));
		check_carried(fd);
		wait_for(fd, POLLOUT);
		say("descriptor %d: %s", fd, wait_text(ep, PATIENCE_MS));
		check(({
			int value = 0;
			getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &value,
				   &(socklen_t){sizeof value});
			value == 99;
		}));
		close(fd);
		close(ep);
		close(listener);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "high") == 0) {
		high_descriptors();
		return test_failed;
	}
	each_family("before connect", client_before_connect);
	each_family("refused", refused);
	each_family("listeners", listener_registered);
	each_family("several epolls", two_epolls);
	each_family("fork", after_fork);
	each_family("an epoll in an epoll", nested);
	each_family("changed before connect", changed_before);
	each_family("moved before connect", moved);
	each_family("used up before connect", used_up);
	each_family("100 descriptors", many);
	each_family("poll and select", others);
	return test_failed;
}
