/* SPDX-License-Identifier: MIT */
/*
 * details.c - small things that a program may notice
 *
 * details WHAT		prints what the calls of this part returned; the parts are at the end
 */
#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tcp.h"

/* ---- answers with little room ---- */

static const struct {
	const char *label;
	int level, name;
} numbers[] = {
	{"SO_DOMAIN", SOL_SOCKET, SO_DOMAIN},
	{"SO_PROTOCOL", SOL_SOCKET, SO_PROTOCOL},
	{"SO_TYPE", SOL_SOCKET, SO_TYPE},
	{"SO_ERROR", SOL_SOCKET, SO_ERROR},
	{"SO_LINGER", SOL_SOCKET, SO_LINGER},
	{"SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT},
	{"SO_INCOMING_CPU", SOL_SOCKET, SO_INCOMING_CPU},
	{"SO_MAX_PACING_RATE", SOL_SOCKET, SO_MAX_PACING_RATE},
	{"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY},
	{"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE},
	{"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT},
	{"IP_TOS", IPPROTO_IP, IP_TOS},
	{"IP_TTL", IPPROTO_IP, IP_TTL},
};

static void ask_with_room(const char *label, int fd)
{
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		for (socklen_t room = 0; room <= 5; room++) {
			unsigned char value[8] = {9, 9, 9, 9, 9, 9, 9, 9};
			socklen_t len = room;
			int got =
				getsockopt(fd, numbers[i].level, numbers[i].name, value, &len);

			/* the number of a processor is anything */
			if (numbers[i].name == SO_INCOMING_CPU &&
			    numbers[i].level == SOL_SOCKET)
				memset(value, 0, len);
			say("%s, %s with room for %u: %s, len %u, %u %u %u %u %u", label,
			    numbers[i].label, room, result(got), len, value[0], value[1],
			    value[2], value[3], value[4]);
		}
	}
}

static void room(const struct family *f)
{
	int ends[2], failed = socket_of(f, 0);

	connected_pair(f, f->loopback, ends);
	setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &(struct linger){1, 5},
		   sizeof(struct linger));
	ask_with_room("connected", ends[0]);
	ask_with_room("accepted", ends[1]);
	say("nobody listens: %s", result(connect_to(failed, f->loopback, free_port())));
	ask_with_room("failed", failed);
	close(ends[0]);
	close(ends[1]);
	close(failed);
}

/* ---- options that are refused, and how ---- */

static void option(int fd, const char *label, int level, int name, int value)
{
	int got = value;
	socklen_t len = sizeof got;
	const char *set = result(setsockopt(fd, level, name, &value, sizeof value));

	say("%s %d: set %s, get %s", label, value, set,
	    getsockopt(fd, level, name, &got, &len) < 0 ? result(-1) : result(got));
}

static void options_of(int fd, int domain)
{
	option(fd, "an unknown level", 9999, 1, 1);
	option(fd, "IPPROTO_UDP", IPPROTO_UDP, 1, 1);
	option(fd, "an unknown option", IPPROTO_TCP, 9999, 1);
	option(fd, "an unknown option of IP", IPPROTO_IP, 9999, 1);
	option(fd, "an unknown option of IPv6", IPPROTO_IPV6, 9999, 1);
	option(fd, "TCP_QUICKACK", IPPROTO_TCP, TCP_QUICKACK, 0);
	option(fd, "TCP_QUICKACK", IPPROTO_TCP, TCP_QUICKACK, 1);
	option(fd, "TCP_QUICKACK", IPPROTO_TCP, TCP_QUICKACK, 2);
	option(fd, "TCP_QUICKACK", IPPROTO_TCP, TCP_QUICKACK, 3);
	option(fd, "TCP_FASTOPEN", IPPROTO_TCP, TCP_FASTOPEN, 5);
	option(fd, "TCP_FASTOPEN", IPPROTO_TCP, TCP_FASTOPEN, -1);
	option(fd, "TCP_FASTOPEN_CONNECT", IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
	option(fd, "TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT, 3);
	option(fd, "TCP_ULP", IPPROTO_TCP, TCP_ULP, 0);
	option(fd, "IP_MINTTL", IPPROTO_IP, IP_MINTTL, 300);
	option(fd, "IP_MINTTL", IPPROTO_IP, IP_MINTTL, -1);
	option(fd, "IP_NODEFRAG", IPPROTO_IP, IP_NODEFRAG, 1);
	if (domain != AF_INET6) /* which it would make another socket of */
		option(fd, "IPV6_ADDRFORM", IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET);
	option(fd, "IPV6_V6ONLY", IPPROTO_IPV6, IPV6_V6ONLY, 1);
}

static void refused(const struct family *f)
{
	int ends[2], bound = socket_of(f, 0), listener = listener_on(f, f->loopback, 0, "l");

	connected_pair(f, f->loopback, ends);
	must(bind_to(bound, f->loopback, 0));
	say("connected:");
	options_of(ends[0], f->domain);
	say("accepted:");
	options_of(ends[1], f->domain);
	say("bound:");
	options_of(bound, f->domain);
	say("listening:");
	options_of(listener, f->domain);
	close(ends[0]);
	close(ends[1]);
	close(bound);
	close(listener);
}

/* ---- connect() once more ---- */

/* Of an address with every length that may be too short */
static void short_connects(const char *label, int fd, const struct address *a)
{
	for (socklen_t len = 0; len <= a->len; len++)
		say("%s, length %u: %s", label, len, result(connect(fd, &a->any, len)));
}

static void again(const struct family *f)
{
	int ends[2], listener = listener_on(f, f->loopback, 0, "l"), fd,
		     bound = socket_of(f, 0);
	struct address a = address_of(f->loopback, local_port(listener)), other;

	connected_pair(f, f->loopback, ends);
	short_connects("connected", ends[0], &a);
	short_connects("listening", listener, &a);
	must(bind_to(bound, f->loopback, 0));
	a.len--;
	short_connects("bound", bound, &a);
	fd = socket_of(f, SOCK_NONBLOCK);
	say("non-blocking: %s", result(connect_to(fd, f->loopback, local_port(listener))));
	wait_for(fd, POLLOUT);
	other = address_of(f->domain == AF_INET ? "::1" : "127.0.0.1", 9);
	other.any.sa_family = 77;
	say("connected now, another family: %s", result(connect(fd, &other.any, other.len)));
	say("once more: %s", result(connect_to(fd, f->loopback, local_port(listener))));
	say("and again: %s", result(connect_to(fd, f->loopback, local_port(listener))));
	close(fd);
	fd = socket_of(f, SOCK_NONBLOCK);
	say("non-blocking: %s", result(connect_to(fd, f->loopback, local_port(listener))));
	wait_for(fd, POLLOUT);
	say("its error: %s", pending_error(fd));
	say("written: %s", result(write(fd, "x", 1)));
	say("connect: %s", result(connect_to(fd, f->loopback, local_port(listener))));
	say("connect: %s", result(connect_to(fd, f->loopback, local_port(listener))));
	close(fd);
	close(ends[0]);
	close(ends[1]);
	close(bound);
	close(listener);
}

/* ---- after a connect() that failed ---- */

/* The program has been told: by connect() itself, or by a second one. */
static void after_failure(const struct family *f, int flags, bool bind_first)
{
	int fd = socket_of(f, flags);

	if (bind_first)
		must(bind_to(fd, f->loopback, free_port()));
	say("%s%s: connect: %s", flags ? "non-blocking" : "blocking",
	    bind_first ? ", bound" : "", result(connect_to(fd, f->loopback, free_port())));
	if (flags) {
		wait_for(fd, POLLOUT);
		say("listen: %s", result(listen(fd, 5)));
		say("connect: %s", result(connect_to(fd, f->loopback, free_port())));
	}
	say("bind: %s", result(bind_to(fd, f->loopback, 0)));
	say("listen: %s", result(listen(fd, 5)));
	say("bind: %s", result(bind_to(fd, f->loopback, 0)));
	check_carried(fd);
	say("connect: %s", result(connect_to(fd, f->loopback, free_port())));
	close(fd);
}

/* The same, and then it is a server. */
static void serve_after_failure(const struct family *f, bool bind_again, bool bind_first)
{
	int fd = socket_of(f, 0), client = socket_of(f, 0);
	struct address peer;

	if (bind_first)
		must(bind_to(fd, f->loopback, free_port()));
	say("connect: %s", result(connect_to(fd, f->loopback, free_port())));
	if (bind_again)
		say("bind: %s", result(bind_to(fd, f->loopback, 0)));
	say("listen: %s", result(listen(fd, 5)));
	know_port(local_port(fd), "server");
	say("at %s", local_name(fd));
	say("a client: %s", result(connect_to(client, f->loopback, local_port(fd))));
	check_carried(fd);
	close(accept_one(fd, &peer));
	close(client);
	close(fd);
}

static void failure(const struct family *f)
{
	for (int i = 0; i < 4; i++)
		after_failure(f, i & 1 ? SOCK_NONBLOCK : 0, i & 2);
	serve_after_failure(f, false, false);
	serve_after_failure(f, true, false);
	serve_after_failure(f, false, true);
}

/* ---- connect() to oneself ---- */

static void to_itself(const struct family *f, int flags)
{
	int fd = socket_of(f, flags), got;
	char buffer[8] = "";
	const char *what = flags ? "non-blocking" : "blocking";

	must(bind_to(fd, f->loopback, 0));
	got = connect_to(fd, f->loopback, local_port(fd));
	if (got < 0 && errno == EINPROGRESS) {
		wait_for(fd, POLLOUT);
		got = connect_to(fd, f->loopback, local_port(fd));
	}
	if (got == 0) {
		check(write(fd, "echo", 4) == 4);
		check(read(fd, buffer, sizeof buffer) == 4 || flags);
	}
	say("%s, to its own port: %s", what, result(got));
	close(fd);
}

static void oneself(const struct family *f)
{
	to_itself(f, 0);
	to_itself(f, SOCK_NONBLOCK);
}

/* ---- much at once ---- */

#define MUCH (6 << 20)

static char much[MUCH], taken[MUCH];

static void write_all(int fd)
{
	ssize_t got;

	for (size_t done = 0; done < MUCH; done += (size_t)got)
		got = must(write(fd, much + done, MUCH - done));
}

/* recvmsg(MSG_WAITALL) into @count buffers of unlike sizes */
static void take(int ends[2], size_t count, int flags)
{
	struct iovec parts[8] = {{taken, 0}};
	struct msghdr m = {.msg_iov = parts, .msg_iovlen = count};
	size_t at = 0;
	ssize_t got;
	pid_t child;

	for (size_t i = 0; i < count; i++) {
		size_t size = i + 1 == count ? MUCH - at : i == 1 ? 0 : 100000 * (i + 1);

		parts[i] = (struct iovec){taken + at, size};
		at += size;
	}
	memset(taken, 0, sizeof taken);
	child = must(fork());
	if (!child) {
		write_all(ends[1]);
		_exit(0);
	}
	got = recvmsg(ends[0], &m, MSG_WAITALL | flags);
	say("recvmsg into %zu: %s, %s", count, result(got),
	    got >= 0 && memcmp(taken, much, (size_t)got) == 0 ? "the same" : "not the same");
	while (got >= 0 && got < MUCH)
		got += must(read(ends[0], taken, MUCH));
	if (got < 0)
		kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void waitall(const struct family *f)
{
	int ends[2];

	for (size_t i = 0; i < MUCH; i++)
		much[i] = (char)(i * 7 + i / 4096);
	for (size_t count = 1; count <= 8; count++) {
		connected_pair(f, f->loopback, ends);
		take(ends, count, 0);
		close(ends[0]);
		close(ends[1]);
	}
	/* the end comes first */
	connected_pair(f, f->loopback, ends);
	must((int)write(ends[1], much, 1000));
	close(ends[1]);
	say("recvmsg of what there is: %s",
	    result(recvmsg(
		    ends[0],
		    &(struct msghdr){.msg_iov = (struct iovec[]){{taken, 300}, {taken, MUCH}},
				     .msg_iovlen = 2},
		    MSG_WAITALL)));
	close(ends[0]);
}

/* ---- TCP's state, once a direction is shut ---- */

static void states(const struct family *f)
{
	for (int how = SHUT_RD; how <= SHUT_RDWR; how++) {
		uint8_t state = 0;
		socklen_t len = sizeof state;
		int ends[2];

		connected_pair(f, f->loopback, ends);
		must(shutdown(ends[0], how));
		if (how != SHUT_RD) /* until it is acknowledged, it is another one */
			wait_for(ends[1], POLLRDHUP);
		check(getsockopt(ends[0], IPPROTO_TCP, TCP_INFO, &state, &len) == 0);
		say("state after shutdown %d: %s", how,
		    state == TCP_ESTABLISHED ? "established" : "no more");
		close(ends[0]);
		close(ends[1]);
	}
}

static const struct {
	const char *name;
	void (*part)(const struct family *f);
} parts[] = {
	{"room", room},       {"refused", refused}, {"again", again},   {"failure", failure},
	{"oneself", oneself}, {"waitall", waitall}, {"states", states},
};

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
		if (argc < 2 || strcmp(argv[1], parts[i].name) == 0)
			each_family(parts[i].name, parts[i].part);
	return test_failed;
}
