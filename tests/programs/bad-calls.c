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

static int udp4(void)
{
	return must(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
}

static int udp6(void)
{
	return must(socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0));
}

static int raw(void)
{
	return must(socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP));
}

static int netlink(void)
{
	return must(socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, 0));
}

static int unix_stream(void)
{
	return must(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
}

static int unix_pair(void)
{
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends));
	return ends[0];
}

static int tcp4(void)
{
	return must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
}

static int tcp6(void)
{
	return must(socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0));
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

static struct sockaddr *addr4(void)
{
	static struct address a;

	a = address_of("127.0.0.1", 9);
	return &a.any;
}

static struct sockaddr *addr6(void)
{
	static struct address a;

	a = address_of("::1", 9);
	return &a.any;
}

static struct sockaddr *of_family(int family)
{
	static struct sockaddr_storage a;

	memset(&a, 0, sizeof a);
	a.ss_family = (sa_family_t)family;
	return (struct sockaddr *)&a;
}

typedef int (*address_call)(int fd, const struct sockaddr *addr, socklen_t len);

static const struct {
	const char *label;
	struct sockaddr *(*good)(void);
	int family; /* where there is no `good` */
	socklen_t len;
} addresses[] = {
	{"NULL 0", NULL, -1, 0},
	{"NULL 16", NULL, -1, 16},
	{"IPv4 0", addr4, 0, 0},
	{"IPv4 1", addr4, 0, 1},
	{"IPv4 2", addr4, 0, 2},
	{"IPv4 15", addr4, 0, 15},
	{"IPv4 128", addr4, 0, 128},
	{"IPv4 129", addr4, 0, 129},
	{"IPv4 -1", addr4, 0, (socklen_t)-1},
	{"IPv6 2", addr6, 0, 2},
	{"IPv6 16", addr6, 0, 16},
	{"IPv6 23", addr6, 0, 23},
	{"IPv6 -1", addr6, 0, (socklen_t)-1},
	{"family 77", NULL, 77, 16},
	{"family 65535", NULL, 65535, 28},
	{"AF_UNIX", NULL, AF_UNIX, 16},
	{"AF_VSOCK", NULL, AF_VSOCK, 16},
	{"AF_UNSPEC 1", NULL, AF_UNSPEC, 1},
	{"AF_NETLINK", NULL, AF_NETLINK, 12},
};

static bool name_errors = true;

static void address_calls(int (*make)(void), const char *name, address_call call)
{
	for (unsigned i = 0; i < ARRAY_SIZE(addresses); i++) {
		int fd = make(), got;
		const struct sockaddr *addr = addresses[i].good ? addresses[i].good() : NULL;

		if (!addr && addresses[i].family >= 0)
			addr = of_family(addresses[i].family);
		got = call(fd, addr, addresses[i].len);
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

static void no_messages(int fd, int flags)
{
	say("recvmsg NULL: %s", result(recvmsg(fd, null, flags)));
	say("recvmmsg NULL: %s", result(recvmmsg(fd, null, 1, flags, NULL)));
	say("recvmmsg MSG_TRUNC NULL: %s",
	    result(recvmmsg(fd, null, 1, flags | MSG_TRUNC, NULL)));
	say("sendmsg NULL: %s", result(sendmsg(fd, null, flags)));
	say("sendmmsg NULL: %s", result(sendmmsg(fd, null, 1, flags)));
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
	say("recvmsg: %s", result(recvmsg(fd, &plain, flags)));
	say("recvmsg MSG_TRUNC: %s", result(recvmsg(fd, &plain, flags | MSG_TRUNC)));
	say("recvmsg bad vector: %s", result(recvmsg(fd, &bad_vector, flags)));
	say("recvmsg long vector: %s", result(recvmsg(fd, &long_vector, flags)));
	say("recvmsg MSG_TRUNC bad vector: %s",
	    result(recvmsg(fd, &bad_vector, flags | MSG_TRUNC)));
	say("recvmmsg none: %s", result(recvmmsg(fd, &many, 0, flags, NULL)));
	say("recv NULL: %s", result(recv(fd, null, 4, flags)));
	say("recv: %s", result(recv(fd, data, 4, flags)));
	say("recv MSG_TRUNC: %s", result(recv(fd, data, 4, flags | MSG_TRUNC)));
	say("recv MSG_ERRQUEUE: %s", result(recv(fd, data, 4, flags | MSG_ERRQUEUE)));
	say("sendmsg bad vector: %s", result(sendmsg(fd, &bad_vector, flags)));
	say("sendmsg long vector: %s", result(sendmsg(fd, &long_vector, flags)));
	say("sendmmsg none: %s", result(sendmmsg(fd, &many, 0, flags)));
	say("sendmsg bad name: %s", result(sendmsg(fd, &bad_name, flags)));
	say("sendto NULL data: %s", result(sendto(fd, null, 4, flags, NULL, 0)));
}

/* Nothing here waits, whatever the descriptor is. */
static void data_calls(int fd)
{
	char data[4] = "";
	struct iovec iov = {data, sizeof data};
	volatile int negative = -1, many = 100000; /* the compiler would warn */

	say("read nothing: %s", result(read(fd, data, 0)));
	say("readv -1: %s", result(readv(fd, &iov, negative)));
	say("readv too many: %s", result(readv(fd, &iov, many)));
	say("readv bad vector: %s", result(readv(fd, null, 1)));
	say("write NULL: %s", result(write(fd, null, 8)));
	say("write nothing: %s", result(write(fd, data, 0)));
	say("writev -1: %s", result(writev(fd, &iov, negative)));
	say("writev too many: %s", result(writev(fd, &iov, many)));
	say("writev bad vector: %s", result(writev(fd, null, 1)));
	say("send NULL: %s", result(send(fd, null, 4, MSG_DONTWAIT)));
	say("send MSG_OOB NULL: %s", result(send(fd, null, 4, MSG_DONTWAIT | MSG_OOB)));
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

	say("ioctl FIONREAD: %s", result(ioctl(fd, FIONREAD, &number)));
	say("ioctl FIONREAD NULL: %s", result(ioctl(fd, FIONREAD, null)));
	say("ioctl unknown: %s", result(ioctl(fd, 0x7777, null)));
	say("listen: %s", result(listen(fd, 5)));
	for (int how = -1; how <= 3; how++)
		say("shutdown %d: %s", how, result(shutdown(fd, how)));
	say("epoll_ctl add: %s", result(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e)));
	say("epoll_ctl add again: %s", result(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e)));
	say("epoll_ctl modify NULL: %s", result(epoll_ctl(ep, EPOLL_CTL_MOD, fd, null)));
	say("epoll_ctl delete: %s", result(epoll_ctl(ep, EPOLL_CTL_DEL, fd, null)));
	say("epoll_ctl delete again: %s", result(epoll_ctl(ep, EPOLL_CTL_DEL, fd, null)));
	say("epoll_ctl unknown: %s", result(epoll_ctl(ep, 77, fd, &e)));
	say("epoll_ctl not an epoll: %s", result(epoll_ctl(fd, EPOLL_CTL_ADD, ep, &e)));
	close(ep);
	copy = dup(fd);
	say("dup: %s", success(copy));
	close(copy);
	say("dup2 onto itself: %s", dup2(fd, fd) == fd ? "itself" : result(-1));
	say("dup2 onto -1: %s", result(dup2(fd, -1)));
	say("dup2 onto a large number: %s", result(dup2(fd, 0x7ffffff0)));
	say("dup3 onto itself: %s", result(dup3(fd, fd, 0)));
	if (!BY_MUSL)
		say("dup3 bad flags: %s", result(dup3(fd, 500, 0x40000000)));
	copy = dup2(fd, 500);
	say("dup2: %s", result(copy));
	close(copy);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 400);
	say("F_DUPFD_CLOEXEC: %s, flags %s", result(copy),
	    copy < 0 ? "-" : result(fcntl(copy, F_GETFD)));
	close(copy);
	say("F_DUPFD -1: %s", result(fcntl(fd, F_DUPFD, -1)));
	say("F_GETFL: %s", success(fcntl(fd, F_GETFL)));
	say("F_GETLK NULL: %s", result(fcntl(fd, F_GETLK, null)));
	say("fcntl 7777: %s", result(fcntl(fd, 7777, 0)));
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
