/* SPDX-License-Identifier: MIT */
/*
 * bad-calls.c - wrapped calls with bad arguments, on descriptors of every kind
 *
 * bad-calls		prints what each call returned; with the shim it must print the same
 */
#include <netdb.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "tcp.h"

/* ---- descriptors ---- */

static int bad(void)
{
	return -1;
}

static int not_open(void)
{
	return 777;
}

static int beyond_any(void)
{
	return 0x7fffffff;
}

static int file(void)
{
	return must(open("/proc/self/exe", O_RDONLY));
}

static int directory(void)
{
	return must(open("/", O_RDONLY | O_DIRECTORY));
}

static int path_only(void)
{
	return must(open("/", O_PATH));
}

static int pipe_end(void)
{
	int ends[2];

	must(pipe(ends));
	close(ends[1]);
	return ends[0];
}

static int event(void)
{
	return must(eventfd(1, EFD_NONBLOCK));
}

static int epoll(void)
{
	return must(epoll_create1(0));
}

#define SOCKET(name, domain, type, protocol)                                   \
	static int name(void)                                                  \
	{                                                                      \
		return must(socket(domain, (type) | SOCK_NONBLOCK, protocol)); \
	}
SOCKET(udp4, AF_INET, SOCK_DGRAM, 0)
SOCKET(udp6, AF_INET6, SOCK_DGRAM, 0)
SOCKET(raw, AF_INET, SOCK_RAW, IPPROTO_ICMP)
SOCKET(netlink, AF_NETLINK, SOCK_RAW, 0)
SOCKET(unix_stream, AF_UNIX, SOCK_STREAM, 0)
SOCKET(tcp4, AF_INET, SOCK_STREAM, 0)
SOCKET(tcp6, AF_INET6, SOCK_STREAM, 0)

static int unix_pair(void)
{
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends));
	return ends[0];
}

static int bound4(void)
{
	int fd = tcp4();

	must(bind_to(fd, "127.0.0.1", 0));
	return fd;
}

static int listener6(void)
{
	int fd = tcp6();

	must(bind_to(fd, "::1", 0));
	must(listen(fd, 5));
	return fd;
}

static int connected4(void)
{
	int ends[2];

	connected_pair(&families[0], "127.0.0.1", ends);
	fcntl(ends[0], F_SETFL, O_RDWR | O_NONBLOCK);
	return ends[0];
}

static const struct {
	const char *label;
	int (*make)(void);
	bool converted; /* with the shim, this is an AF_VSOCK socket */
} kinds[] = {
	{"-1", bad, false},
	{"not open", not_open, false},
	{"the largest number", beyond_any, false},
	{"file", file, false},
	{"directory", directory, false},
	{"O_PATH", path_only, false},
	{"pipe", pipe_end, false},
	{"eventfd", event, false},
	{"epoll", epoll, false},
	{"UDP", udp4, false},
	{"UDP over IPv6", udp6, false},
	{"raw", raw, false},
	{"netlink", netlink, false},
	{"Unix stream", unix_stream, false},
	{"Unix pair", unix_pair, false},
	{"TCP", tcp4, false},
	{"TCP over IPv6", tcp6, false},
	{"bound TCP", bound4, true},
	{"TCP listener", listener6, true},
	{"TCP connection", connected4, true},
};

/* ---- calls ---- */

/* Not known to the compiler, which would warn. */
static void *volatile null;
static char *volatile unmapped = (char *)16;

/* An address of that family, of discard's port where it has one; below 0 it is none at all. */
static const struct sockaddr *addr_of(int family)
{
	static struct address a;

	if (family < 0)
		return NULL;
	memset(&a, 0, sizeof a);
	if (family == AF_INET || family == AF_INET6)
		a = address_of(family == AF_INET ? "127.0.0.1" : "::1", 9);
	a.any.sa_family = (sa_family_t)family;
	return &a.any;
}

typedef int (*address_call)(int fd, const struct sockaddr *addr, socklen_t len);

static const struct {
	const char *label;
	int family;
	socklen_t len;
} addresses[] = {
	{"NULL 0", -1, 0},
	{"NULL 16", -1, 16},
	{"IPv4 0", AF_INET, 0},
	{"IPv4 1", AF_INET, 1},
	{"IPv4 2", AF_INET, 2},
	{"IPv4 15", AF_INET, 15},
	{"IPv4 128", AF_INET, 128},
	{"IPv4 129", AF_INET, 129},
	{"IPv4 -1", AF_INET, (socklen_t)-1},
	{"IPv6 2", AF_INET6, 2},
	{"IPv6 16", AF_INET6, 16},
	{"IPv6 23", AF_INET6, 23},
	{"IPv6 -1", AF_INET6, (socklen_t)-1},
	{"family 77", 77, 16},
	{"family 65535", 65535, 28},
	{"AF_UNIX", AF_UNIX, 16},
	{"AF_VSOCK", AF_VSOCK, 16},
	{"AF_UNSPEC 1", AF_UNSPEC, 1},
	{"AF_NETLINK", AF_NETLINK, 12},
};

static bool name_errors = true;

static void address_calls(int (*make)(void), const char *name, address_call call)
{
	for (unsigned i = 0; i < ARRAY_SIZE(addresses); i++) {
		int fd = make();
		int got = call(fd, addr_of(addresses[i].family), addresses[i].len);

		say("%s %s: %s", name, addresses[i].label,
		    got < 0 && !name_errors ? "an error" : result(got));
		close(fd);
	}
}

typedef int (*name_call)(int fd, struct sockaddr *addr, socklen_t *len);

static int accept4_too(int fd, struct sockaddr *addr, socklen_t *len)
{
	return accept4(fd, addr, len, SOCK_CLOEXEC);
}

static int accept4_bad_flags(int fd, struct sockaddr *addr, socklen_t *len)
{
	return accept4(fd, addr, len, 0x40000000);
}

static int recvfrom_nothing(int fd, struct sockaddr *addr, socklen_t *len)
{
	char byte;

	return (int)recvfrom(fd, &byte, 1, MSG_DONTWAIT, addr, len);
}

static void name_calls(int (*make)(void), const char *name, name_call call)
{
	static const int lengths[] = {0, 1, 2, 15, 128, -1, -2147483647 - 1};
	struct address a;
	int fd = make();

	for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++) {
		int got;

		a.len = (socklen_t)lengths[i];
		got = call(fd, &a.any, &a.len);
		say("%s with room for %d: %s, len %d", name, lengths[i], result(got),
		    (int)a.len);
	}
	a.len = sizeof a.room;
	say("%s NULL, length: %s", name, result(call(fd, null, &a.len)));
	say("%s address, NULL: %s", name, result(call(fd, &a.any, null)));
	say("%s NULL, NULL: %s", name, result(call(fd, null, null)));
	a.len = sizeof a.room;
	say("%s unmapped, length: %s", name,
	    result(call(fd, (struct sockaddr *)unmapped, &a.len)));
	close(fd);
}

static void option_calls(int fd)
{
	static const struct {
		const char *label;
		int level, name;
	} options[] = {
		{"SO_TYPE", SOL_SOCKET, SO_TYPE},
		{"SO_ERROR", SOL_SOCKET, SO_ERROR},
		{"SO_DOMAIN", SOL_SOCKET, SO_DOMAIN},
		{"SO_PROTOCOL", SOL_SOCKET, SO_PROTOCOL},
		{"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE},
		{"SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT},
		{"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY},
		{"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE},
		{"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT},
		{"IP_TOS", IPPROTO_IP, IP_TOS},
		{"IPV6_V6ONLY", IPPROTO_IPV6, IPV6_V6ONLY},
		{"IPV6_TCLASS", IPPROTO_IPV6, IPV6_TCLASS},
		{"unknown", SOL_SOCKET, 9999},
		{"unknown TCP", IPPROTO_TCP, 9999},
		{"unknown level", 9999, 1},
	};
	int value = 1, length;
	socklen_t len;

	for (unsigned i = 0; i < ARRAY_SIZE(options); i++) {
		for (length = -1; length <= 4; length++) {
			char room[8] = "";

			len = (socklen_t)length;
			say("getsockopt %s with room for %d: %s", options[i].label, length,
			    result(getsockopt(fd, options[i].level, options[i].name, room,
					      &len)));
			say("setsockopt %s of length %d: %s", options[i].label, length,
			    result(setsockopt(fd, options[i].level, options[i].name, &value,
					      (socklen_t)length)));
		}
		len = sizeof value;
		say("getsockopt %s NULL: %s", options[i].label,
		    result(getsockopt(fd, options[i].level, options[i].name, null, &len)));
		say("getsockopt %s NULL length: %s", options[i].label,
		    result(getsockopt(fd, options[i].level, options[i].name, &value, null)));
		say("setsockopt %s NULL: %s", options[i].label,
		    result(setsockopt(fd, options[i].level, options[i].name, null, len)));
	}
}

/* Say what a call returned. */
#define TRY(label, call) say(label ": %s", result(call))

static void no_messages(int fd, int flags)
{
	TRY("recvmsg NULL", recvmsg(fd, null, flags));
	TRY("recvmmsg NULL", recvmmsg(fd, null, 1, flags, NULL));
	TRY("recvmmsg MSG_TRUNC NULL", recvmmsg(fd, null, 1, flags | MSG_TRUNC, NULL));
	TRY("sendmsg NULL", sendmsg(fd, null, flags));
	TRY("sendmmsg NULL", sendmmsg(fd, null, 1, flags));
}

static void message_calls(int fd)
{
	char data[4] = "";
	struct iovec iov = {data, sizeof data};
	struct msghdr plain = {.msg_iov = &iov, .msg_iovlen = 1};
	struct msghdr bad_vector = {.msg_iov = null, .msg_iovlen = 1};
	struct msghdr long_vector = {.msg_iov = &iov, .msg_iovlen = 1000000};
	struct msghdr bad_name = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_name = unmapped, .msg_namelen = 16};
	struct mmsghdr many = {.msg_hdr = plain};
	const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;

	if (!BY_MUSL)
		no_messages(fd, flags);
	TRY("recvmsg", recvmsg(fd, &plain, flags));
	TRY("recvmsg MSG_TRUNC", recvmsg(fd, &plain, flags | MSG_TRUNC));
	TRY("recvmsg bad vector", recvmsg(fd, &bad_vector, flags));
	TRY("recvmsg long vector", recvmsg(fd, &long_vector, flags));
	TRY("recvmsg MSG_TRUNC bad vector", recvmsg(fd, &bad_vector, flags | MSG_TRUNC));
	TRY("recvmmsg none", recvmmsg(fd, &many, 0, flags, NULL));
	TRY("recv NULL", recv(fd, null, 4, flags));
	TRY("recv", recv(fd, data, 4, flags));
	TRY("recv MSG_TRUNC", recv(fd, data, 4, flags | MSG_TRUNC));
	TRY("recv MSG_ERRQUEUE", recv(fd, data, 4, flags | MSG_ERRQUEUE));
	TRY("sendmsg bad vector", sendmsg(fd, &bad_vector, flags));
	TRY("sendmsg long vector", sendmsg(fd, &long_vector, flags));
	TRY("sendmmsg none", sendmmsg(fd, &many, 0, flags));
	TRY("sendmsg bad name", sendmsg(fd, &bad_name, flags));
	TRY("sendto NULL data", sendto(fd, null, 4, flags, NULL, 0));
}

/* Nothing here waits, whatever the descriptor is. */
static void data_calls(int fd)
{
	char data[4] = "";
	struct iovec iov = {data, sizeof data};
	volatile int negative = -1, many = 100000; /* the compiler would warn */

	TRY("read nothing", read(fd, data, 0));
	TRY("readv -1", readv(fd, &iov, negative));
	TRY("readv too many", readv(fd, &iov, many));
	TRY("readv bad vector", readv(fd, null, 1));
	TRY("write NULL", write(fd, null, 8));
	TRY("write nothing", write(fd, data, 0));
	TRY("writev -1", writev(fd, &iov, negative));
	TRY("writev too many", writev(fd, &iov, many));
	TRY("writev bad vector", writev(fd, null, 1));
	TRY("send NULL", send(fd, null, 4, MSG_DONTWAIT));
	TRY("send MSG_OOB NULL", send(fd, null, 4, MSG_DONTWAIT | MSG_OOB));
}

static int sendto_something(int fd, const struct sockaddr *addr, socklen_t len)
{
	return (int)sendto(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL, addr, len);
}

static int fast_open(int fd, const struct sockaddr *addr, socklen_t len)
{
	return (int)sendto(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_FASTOPEN, addr, len);
}

static void other_calls(int fd)
{
	int copy, number = 0;
	struct epoll_event e = {.events = EPOLLIN};
	int ep = must(epoll_create1(0));

	TRY("ioctl FIONREAD", ioctl(fd, FIONREAD, &number));
	TRY("ioctl FIONREAD NULL", ioctl(fd, FIONREAD, null));
	TRY("ioctl unknown", ioctl(fd, 0x7777, null));
	TRY("listen", listen(fd, 5));
	for (int how = -1; how <= 3; how++)
		say("shutdown %d: %s", how, result(shutdown(fd, how)));
	TRY("epoll_ctl add", epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	TRY("epoll_ctl add again", epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	TRY("epoll_ctl modify NULL", epoll_ctl(ep, EPOLL_CTL_MOD, fd, null));
	TRY("epoll_ctl delete", epoll_ctl(ep, EPOLL_CTL_DEL, fd, null));
	TRY("epoll_ctl delete again", epoll_ctl(ep, EPOLL_CTL_DEL, fd, null));
	TRY("epoll_ctl unknown", epoll_ctl(ep, 77, fd, &e));
	TRY("epoll_ctl not an epoll", epoll_ctl(fd, EPOLL_CTL_ADD, ep, &e));
	close(ep);
	copy = dup(fd);
	say("dup: %s", success(copy));
	close(copy);
	say("dup2 onto itself: %s", dup2(fd, fd) == fd ? "itself" : result(-1));
	TRY("dup2 onto -1", dup2(fd, -1));
	TRY("dup2 onto a large number", dup2(fd, 0x7ffffff0));
	TRY("dup3 onto itself", dup3(fd, fd, 0));
	if (!BY_MUSL)
		TRY("dup3 bad flags", dup3(fd, 500, 0x40000000));
	copy = dup2(fd, 500);
	TRY("dup2", copy);
	close(copy);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 400);
	say("F_DUPFD_CLOEXEC: %s, flags %s", result(copy),
	    copy < 0 ? "-" : result(fcntl(copy, F_GETFD)));
	close(copy);
	TRY("F_DUPFD -1", fcntl(fd, F_DUPFD, -1));
	say("F_GETFL: %s", success(fcntl(fd, F_GETFL)));
	TRY("F_GETLK NULL", fcntl(fd, F_GETLK, null));
	TRY("fcntl 7777", fcntl(fd, 7777, 0));
}

static void no_descriptor(void)
{
	int fd;

	say("socket AF_INET, type 0: %s", success(socket(AF_INET, 0, 0)));
	say("socket AF_INET, type 99: %s", success(socket(AF_INET, 99, 0)));
	say("socket AF_INET, SOCK_STREAM, UDP: %s",
	    success(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP)));
	say("socket 999: %s", success(socket(999, SOCK_STREAM, 0)));
	say("socket -1: %s", success(socket(-1, SOCK_STREAM, 0)));
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
	say("socket flags: %d %d", fcntl(fd, F_GETFD), !!(fcntl(fd, F_GETFL) & O_NONBLOCK));
	close(fd);
}

static void every_call(int (*make)(void))
{
	int fd = make();

	option_calls(fd);
	close(fd);
	name_calls(make, "recvfrom", recvfrom_nothing);
	address_calls(make, "sendto", sendto_something);
	address_calls(make, "sendto MSG_FASTOPEN", fast_open);
	fd = make();
	message_calls(fd);
	data_calls(fd);
	close(fd);
	fd = make();
	other_calls(fd);
	close(fd);
}

/* A Unix stream of the program's own passes for what a muxer carries (carried.h). */
static bool is_ours_anyway(unsigned kind)
{
	return over_unix() && strcmp(kinds[kind].label, "Unix stream") == 0;
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	no_descriptor();
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		int (*make)(void) = kinds[i].make;
		int fd;

		say("[%s]", kinds[i].label);
		forget_ports();
		fd = make();
		if (over_vsock() && fd >= 0 && fd < 700)
			check(carried(fd) == (kinds[i].converted || is_ours_anyway(i)));
		close(fd);
		name_calls(make, "getsockname", getsockname);
		name_calls(make, "getpeername", getpeername);
		name_calls(make, "accept", accept);
		name_calls(make, "accept4", accept4_too);
		name_calls(make, "accept4 with bad flags", accept4_bad_flags);
		/* once it is converted, the kernel's AF_VSOCK words the errors */
		name_errors = !kinds[i].converted;
		address_calls(make, "connect", connect);
		address_calls(make, "bind", bind);
		if (!kinds[i].converted)
			every_call(make);
	}
	return test_failed;
}
