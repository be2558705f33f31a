/* SPDX-License-Identifier: MIT */
/*
 * tcp.h - what the test programs share: plain TCP calls, and lines that say what they returned
 *
 * Most of these programs are run twice, over TCP and over VM sockets, and must print the same.
 * So they print no number that differs from run to run: a port is shown by the name that
 * know_port() gave it. Only with OVER_VSOCK in the environment may (and must) vsockify carry
 * them: check_carried() asks behind its back (carried.h).
 */
#ifndef TESTS_PROGRAMS_TCP_H
#define TESTS_PROGRAMS_TCP_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/vm_sockets.h> /* older ones leave sys/socket.h to whoever includes them */

#include "carried.h"
#include "error-name.h"

#define MAYBE_UNUSED  __attribute__((unused))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * musl does something itself where others ask the kernel: sendmsg() and its like read the
 * message, and crash over a bad one; dup3() forgets the flags that it does not know.
 */
#ifdef __GLIBC__
#define BY_MUSL false
#else
#define BY_MUSL true
#endif

/* With FIRST_FD in the environment, all descriptors below that number are taken beforehand. */
MAYBE_UNUSED __attribute__((constructor)) static void take_descriptors(void)
{
	const char *first = getenv("FIRST_FD");
	int wanted = first ? atoi(first) : 0;
	struct rlimit limit = {(rlim_t)wanted + 1000, (rlim_t)wanted + 1000};
	int fd = 0;

	if (wanted && setrlimit(RLIMIT_NOFILE, &limit) < 0)
		abort();
	while (fd >= 0 && fd < wanted - 1)
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
}

/* How long anything may take before the test gives up on it. */
#define PATIENCE_MS 20000

static bool test_failed;

/* say() - print a line at once, so that lines of a forked child keep their place */
MAYBE_UNUSED __attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list arguments;
	int saved = errno;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
	errno = saved;
}

/* complain() - print a line that fails the test whatever the other run prints */
MAYBE_UNUSED __attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
	va_list arguments;
	int saved = errno;

	printf("WRONG: ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
	test_failed = true;
	errno = saved;
}

/* check() - complain if a condition does not hold */
#define check(condition)                                                                 \
	do {                                                                             \
		if (!(condition))                                                        \
			complain("%s:%d: %s (errno %s)", __FILE__, __LINE__, #condition, \
				 error_name(errno));                                     \
	} while (0)

/* must() - the value of a call that has to succeed for the test to make sense */
#define must(call)                                                           \
	({                                                                   \
		__typeof__(call) value_ = (call);                            \
		if (value_ < 0) {                                            \
			complain("%s:%d: %s: %s", __FILE__, __LINE__, #call, \
				 error_name(errno));                         \
			exit(1);                                             \
		}                                                            \
		value_;                                                      \
	})

/* A short-lived text; a few may be in use at once. */
MAYBE_UNUSED static char *scratch_text(void)
{
	static _Thread_local char texts[16][128];
	static _Thread_local unsigned next;

	return texts[next++ % ARRAY_SIZE(texts)];
}

/* result() - "3", or the name of the error */
MAYBE_UNUSED static const char *result(long value)
{
	char *text = scratch_text();

	if (value < 0)
		return error_name(errno);
	snprintf(text, 128, "%ld", value);
	return text;
}

/* success() - "ok", or the name of the error, for calls that return a descriptor */
MAYBE_UNUSED static const char *success(long value)
{
	return value < 0 ? result(value) : "ok";
}

/* ---- families ---- */

struct family {
	const char *label;
	int domain;
	const char *loopback, *any;
};

static const struct family families[] = {
	{"v4", AF_INET, "127.0.0.1", "0.0.0.0"},
	{"v6", AF_INET6, "::1", "::"},
	{"mapped", AF_INET6, "::ffff:127.0.0.1", "::ffff:0.0.0.0"},
};

/* A socket address, and its length. */
struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_vm vm;
		struct sockaddr_storage room;
	};
	socklen_t len;
};

MAYBE_UNUSED static struct address address_of(const char *ip, uint16_t port)
{
	struct address a = {.len = sizeof a.in};

	a.in.sin_family = AF_INET;
	a.in.sin_port = htons(port);
	if (inet_pton(AF_INET, ip, &a.in.sin_addr) == 1)
		return a;
	memset(&a, 0, sizeof a);
	a.len = sizeof a.in6;
	a.in6.sin6_family = AF_INET6;
	a.in6.sin6_port = htons(port);
	if (inet_pton(AF_INET6, ip, &a.in6.sin6_addr) != 1)
		complain("not an address: %s", ip);
	return a;
}

/* ---- names ---- */

static struct {
	uint16_t port;
	const char *name;
} known_ports[64];
static unsigned known_port_count;

/* forget_ports() - at the beginning of a section */
MAYBE_UNUSED static void forget_ports(void)
{
	known_port_count = 0;
}

/* know_port() - the port of this number is shown by this name from now on */
MAYBE_UNUSED static void know_port(uint16_t port, const char *name)
{
	if (known_port_count < ARRAY_SIZE(known_ports)) {
		known_ports[known_port_count].port = port;
		known_ports[known_port_count++].name = name;
	}
}

MAYBE_UNUSED static const char *port_name(uint16_t port)
{
	char *text;

	for (unsigned i = known_port_count; i-- > 0;) /* a number may come again */
		if (known_ports[i].port == port)
			return known_ports[i].name;
	if (port >= 1024)
		return "unknown";
	text = scratch_text();
	snprintf(text, 128, "%u", port);
	return text;
}

/* show() - "127.0.0.1:server" */
MAYBE_UNUSED static const char *show(const struct address *a)
{
	char *text = scratch_text(), ip[INET6_ADDRSTRLEN] = "?";

	switch (a->any.sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &a->in.sin_addr, ip, sizeof ip);
		snprintf(text, 128, "%s:%s len %u", ip, port_name(ntohs(a->in.sin_port)),
			 a->len);
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &a->in6.sin6_addr, ip, sizeof ip);
		snprintf(text, 128, "[%s]:%s len %u", ip, port_name(ntohs(a->in6.sin6_port)),
			 a->len);
		break;
	case AF_VSOCK:
		snprintf(text, 128, "vsock len %u", a->len);
		break;
	default:
		snprintf(text, 128, "family %u len %u", a->any.sa_family, a->len);
	}
	return text;
}

static inline uint16_t port_in(const struct address *a)
{
	return ntohs(a->any.sa_family == AF_INET ? a->in.sin_port : a->in6.sin6_port);
}

/* local_name(), peer_name() - what getsockname() and getpeername() say */
MAYBE_UNUSED static const char *local_name(int fd)
{
	struct address a = {.len = sizeof a.room};

	return getsockname(fd, &a.any, &a.len) < 0 ? result(-1) : show(&a);
}

MAYBE_UNUSED static const char *peer_name(int fd)
{
	struct address a = {.len = sizeof a.room};

	return getpeername(fd, &a.any, &a.len) < 0 ? result(-1) : show(&a);
}

MAYBE_UNUSED static uint16_t local_port(int fd)
{
	struct address a = {.len = sizeof a.room};

	must(getsockname(fd, &a.any, &a.len));
	return port_in(&a);
}

/* check_carried() - vsockify must carry this socket exactly if OVER_VSOCK is set */
#define check_carried(fd)                                                            \
	do {                                                                         \
		if (carried(fd) != over_vsock())                                     \
			complain("%s:%d: a socket of family %d", __FILE__, __LINE__, \
				 kernel_family(fd));                                 \
	} while (0)

/* ---- sockets ---- */

/* socket_of() - a TCP socket; @flags: SOCK_NONBLOCK and the like */
MAYBE_UNUSED static int socket_of(const struct family *f, int flags)
{
	return must(socket(f->domain, SOCK_STREAM | flags, 0));
}

MAYBE_UNUSED static int bind_to(int fd, const char *ip, uint16_t port)
{
	struct address a = address_of(ip, port);

	return bind(fd, &a.any, a.len);
}

MAYBE_UNUSED static int connect_to(int fd, const char *ip, uint16_t port)
{
	struct address a = address_of(ip, port);

	return connect(fd, &a.any, a.len);
}

/* listener_on() - a socket that listens at @ip on a free port, known by @name */
MAYBE_UNUSED static int listener_on(const struct family *f, const char *ip, int flags,
				    const char *name)
{
	int fd = socket_of(f, flags);

	must(bind_to(fd, ip, 0));
	must(listen(fd, 16));
	know_port(local_port(fd), name);
	return fd;
}

/* wait_for() - poll one descriptor; the events. The test ends when patience has run out. */
MAYBE_UNUSED static int wait_for(int fd, int events)
{
	struct pollfd p = {.fd = fd, .events = (short)events};

	if (poll(&p, 1, PATIENCE_MS) > 0)
		return p.revents;
	complain("nothing happened on descriptor %d (events %x)", fd, (unsigned)events);
	exit(1);
}

/* events_now() - what poll() says without waiting */
MAYBE_UNUSED static int events_now(int fd, int events)
{
	struct pollfd p = {.fd = fd, .events = (short)events};

	return poll(&p, 1, 0) > 0 ? p.revents : 0;
}

MAYBE_UNUSED static const char *events_text(int events)
{
	static const struct {
		int bit;
		const char *name;
	} names[] = {{POLLIN, "IN"},   {POLLPRI, "PRI"}, {POLLOUT, "OUT"},
		     {POLLERR, "ERR"}, {POLLHUP, "HUP"}, {POLLRDHUP, "RDHUP"}};
	char *text = scratch_text();

	*text = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (events & names[i].bit) {
			strcat(text, *text ? "|" : "");
			strcat(text, names[i].name);
		}
	}
	return *text ? text : "none";
}

/* pending_error() - SO_ERROR, by name */
MAYBE_UNUSED static const char *pending_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return result(-1);
	return error ? error_name(error) : "0";
}

/* accept_one() - accept one connection that is on its way */
MAYBE_UNUSED static int accept_one(int listener, struct address *peer)
{
	wait_for(listener, POLLIN);
	peer->len = sizeof peer->room;
	return must(accept(listener, &peer->any, &peer->len));
}

/* connected_pair() - both ends of a connection to @ip, over a listener that is closed again */
MAYBE_UNUSED static void connected_pair(const struct family *f, const char *ip, int ends[2])
{
	int listener = listener_on(f, ip, 0, "server");
	struct address peer;

	ends[0] = socket_of(f, 0);
	must(connect_to(ends[0], ip, local_port(listener)));
	know_port(local_port(ends[0]), "client");
	ends[1] = accept_one(listener, &peer);
	check_carried(ends[0]);
	check_carried(ends[1]);
	close(listener);
}

/* check_echo() - bytes go both ways between the two ends */
MAYBE_UNUSED static void check_echo(int one, int other)
{
	char buffer[16] = "";

	check(write(one, "ping", 4) == 4);
	check(recv(other, buffer, 4, MSG_WAITALL) == 4 && memcmp(buffer, "ping", 4) == 0);
	check(write(other, "pong!", 5) == 5);
	check(recv(one, buffer, 5, MSG_WAITALL) == 5 && memcmp(buffer, "pong!", 5) == 0);
}

/*
 * free_port() - a port that nobody listens on
 *
 * Not one of those that clients get: over TCP, a client that happens to get the port that it
 * connects to is connected to itself.
 */
MAYBE_UNUSED static uint16_t free_port(void)
{
	static uint16_t next = 15000;

	return next++;
}

/* section() - the heading of the lines that follow */
MAYBE_UNUSED static void section(const char *family, const char *rest)
{
	forget_ports();
	say("[%s %s]", family, rest);
}

/* each_family() - run a part of a test for IPv4, IPv6 and IPv4-mapped addresses */
MAYBE_UNUSED static void each_family(const char *title, void (*part)(const struct family *f))
{
	for (unsigned i = 0; i < ARRAY_SIZE(families); i++) {
		section(families[i].label, title);
		part(&families[i]);
	}
}

/* asleep() - is the thread of this process asleep in the kernel? The state stands behind the
 * name in /proc. */
MAYBE_UNUSED static bool asleep(pid_t thread)
{
	char path[64], text[256] = "", *at;
	int fd;

	sprintf(path, "/proc/self/task/%d/stat", thread);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof text - 1) < 0)
		*text = 0;
	close(fd);
	at = strrchr(text, ')');
	return at && at[2] == 'S';
}

/* wait_asleep() - until it is, five looks in a row: it may sleep for a moment on its way */
MAYBE_UNUSED static void wait_asleep(pid_t thread)
{
	for (int quiet = 0; quiet < 5; quiet = asleep(thread) ? quiet + 1 : 0)
		poll(NULL, 0, 2);
}

#endif
