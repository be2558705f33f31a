/* SPDX-License-Identifier: MIT */
/*
 * bad-pointers.c - wrapped calls whose pointers lead nowhere, on sockets in every state
 *
 * bad-pointers [KIND...]	of these kinds of sockets, or of all
 *
 * Prints what each call returned, or that it crashed; with the shim it must print the same.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "places.h"
#include "tcp.h"

/* ---- sockets ---- */

static int unconnected(int peer[1])
{
	peer[0] = -1;
	return socket_of(&families[0], SOCK_NONBLOCK);
}

static int unconnected6(int peer[1])
{
	peer[0] = -1;
	return socket_of(&families[1], SOCK_NONBLOCK);
}

static int bound(int peer[1])
{
	int fd = unconnected(peer);

	must(bind_to(fd, "127.0.0.1", 0));
	return fd;
}

static int connected_to(const struct family *f, int peer[1])
{
	int ends[2];

	connected_pair(f, f->loopback, ends);
	must(fcntl(ends[0], F_SETFL, O_NONBLOCK));
	must((int)write(ends[1], "data", 4));
	wait_for(ends[0], POLLIN);
	peer[0] = ends[1];
	return ends[0];
}

static int connected4(int peer[1])
{
	return connected_to(&families[0], peer);
}

static int connected6(int peer[1])
{
	return connected_to(&families[1], peer);
}

/* One that was shut down, so that the shim knows the peer and the kernel does not. */
static int shut(int peer[1])
{
	int fd = connected4(peer);

	must(shutdown(fd, SHUT_WR));
	return fd;
}

/* A listener with a connection that waits. */
static int listening(const struct family *f, int peer[1])
{
	int fd = listener_on(f, f->loopback, SOCK_NONBLOCK, "server");

	peer[0] = socket_of(f, 0);
	must(connect_to(peer[0], f->loopback, local_port(fd)));
	wait_for(fd, POLLIN);
	return fd;
}

static int listener4(int peer[1])
{
	return listening(&families[0], peer);
}

static int listener6(int peer[1])
{
	return listening(&families[1], peer);
}

static const struct {
	const char *label;
	int (*make)(int peer[1]);
} kinds[] = {
	{"unconnected", unconnected},
	{"unconnected, IPv6", unconnected6},
	{"bound", bound},
	{"listener", listener4},
	{"listener, IPv6", listener6},
	{"connected", connected4},
	{"connected, IPv6", connected6},
	{"shut", shut},
};

/* ---- calls ---- */

#define FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)

static char data[8192];

/* Where nobody listens, of the socket's family */
static struct address nobody(int fd)
{
	int domain = AF_INET;
	socklen_t len = sizeof domain;

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	return address_of(domain == AF_INET6 ? "::1" : "127.0.0.1", 9);
}

static long call_connect(int fd, const struct place *p)
{
	struct address a = nobody(fd);

	return connect(fd, stand(p, &a.room, a.len), a.len);
}

static long call_bind(int fd, const struct place *p)
{
	struct address a = nobody(fd);

	a.in.sin_port = 0;
	return bind(fd, stand(p, &a.room, a.len), a.len);
}

static long call_sendto(int fd, const struct place *p)
{
	struct address a = nobody(fd);

	return sendto(fd, data, 1, FLAGS, stand(p, &a.room, a.len), a.len);
}

static long call_fast_open(int fd, const struct place *p)
{
	struct address a = nobody(fd);

	return sendto(fd, data, 1, FLAGS | MSG_FASTOPEN, stand(p, &a.room, a.len), a.len);
}

/* Those that give a name: the address may be bad, or the length. */
#define NAME_CALLS(name, call)                                        \
	static long call_##name##_addr(int fd, const struct place *p) \
	{                                                             \
		struct address a = {.len = sizeof a.in6};             \
		struct sockaddr *addr = stand(p, &a.room, a.len);     \
		socklen_t *len = &a.len;                              \
                                                                      \
		return call;                                          \
	}                                                             \
	static long call_##name##_len(int fd, const struct place *p)  \
	{                                                             \
		struct address a = {.len = sizeof a.in6};             \
		struct sockaddr *addr = &a.any;                       \
		socklen_t *len = stand(p, &a.len, sizeof a.len);      \
                                                                      \
		return call;                                          \
	}

NAME_CALLS(getsockname, getsockname(fd, addr, len))
NAME_CALLS(getpeername, getpeername(fd, addr, len))
NAME_CALLS(accept, accept(fd, addr, len))
NAME_CALLS(accept4, accept4(fd, addr, len, SOCK_CLOEXEC))
NAME_CALLS(recvfrom, recvfrom(fd, data, 2, FLAGS, addr, len))
NAME_CALLS(recvfrom_trunc, recvfrom(fd, data, 2, FLAGS | MSG_TRUNC, addr, len))

#define GET_CALLS(name, level, option)                                                    \
	static long get_##name(int fd, const struct place *p)                             \
	{                                                                                 \
		int value = 1;                                                            \
		socklen_t len = sizeof value;                                             \
                                                                                          \
		return getsockopt(fd, level, option, stand(p, &value, len), &len);        \
	}                                                                                 \
	static long get_##name##_len(int fd, const struct place *p)                       \
	{                                                                                 \
		int value = 1;                                                            \
		socklen_t len = sizeof value;                                             \
                                                                                          \
		return getsockopt(fd, level, option, &value, stand(p, &len, sizeof len)); \
	}

#define OPTION_CALLS(name, level, option)                                            \
	GET_CALLS(name, level, option)                                               \
	static long set_##name(int fd, const struct place *p)                        \
	{                                                                            \
		int value = 1;                                                       \
                                                                                     \
		return setsockopt(fd, level, option, stand(p, &value, sizeof value), \
				  sizeof value);                                     \
	}

OPTION_CALLS(keepalive, SOL_SOCKET, SO_KEEPALIVE)
OPTION_CALLS(error, SOL_SOCKET, SO_ERROR)
OPTION_CALLS(reuseport, SOL_SOCKET, SO_REUSEPORT)
OPTION_CALLS(rcvlowat, SOL_SOCKET, SO_RCVLOWAT)
OPTION_CALLS(nodelay, IPPROTO_TCP, TCP_NODELAY)
GET_CALLS(info, IPPROTO_TCP, TCP_INFO)
OPTION_CALLS(user_timeout, IPPROTO_TCP, TCP_USER_TIMEOUT)
OPTION_CALLS(tos, IPPROTO_IP, IP_TOS)

static long call_fionread(int fd, const struct place *p)
{
	int number = 0;

	return ioctl(fd, FIONREAD, stand(p, &number, sizeof number));
}

static long call_fionbio(int fd, const struct place *p)
{
	int number = 1;

	return ioctl(fd, FIONBIO, stand(p, &number, sizeof number));
}

/* A message, of which one part is bad. */
struct letter {
	struct address a;
	struct iovec iov[2];
	_Alignas(struct cmsghdr) char control[sizeof(struct cmsghdr)];
	struct mmsghdr many;
};

static struct msghdr *letter_of(struct letter *l, int fd)
{
	struct msghdr *m = &l->many.msg_hdr;

	*l = (struct letter){.a = nobody(fd), .iov = {{data, 1}, {data + 1, 1}}};
	memcpy(l->control, &(struct cmsghdr){.cmsg_len = sizeof l->control, .cmsg_level = 9999},
	       sizeof l->control);
	*m = (struct msghdr){.msg_iov = l->iov, .msg_iovlen = 2};
	return m;
}

#define MESSAGE_CALLS(name, call)                                        \
	static long call_##name(int fd, const struct place *p)           \
	{                                                                \
		struct letter l;                                         \
		struct msghdr *m = letter_of(&l, fd);                    \
                                                                         \
		m = stand(p, &l.many, sizeof l.many);                    \
		return call;                                             \
	}                                                                \
	static long call_##name##_iov(int fd, const struct place *p)     \
	{                                                                \
		struct letter l;                                         \
		struct msghdr *m = letter_of(&l, fd);                    \
                                                                         \
		m->msg_iov = stand(p, l.iov, sizeof l.iov);              \
		return call;                                             \
	}                                                                \
	static long call_##name##_name(int fd, const struct place *p)    \
	{                                                                \
		struct letter l;                                         \
		struct msghdr *m = letter_of(&l, fd);                    \
                                                                         \
		m->msg_name = stand(p, &l.a.room, l.a.len);              \
		m->msg_namelen = l.a.len;                                \
		return call;                                             \
	}                                                                \
	static long call_##name##_control(int fd, const struct place *p) \
	{                                                                \
		struct letter l;                                         \
		struct msghdr *m = letter_of(&l, fd);                    \
                                                                         \
		m->msg_control = stand(p, l.control, sizeof l.control);  \
		m->msg_controllen = sizeof l.control;                    \
		return call;                                             \
	}

/* MSG_TRUNC throws away what it does not look at; MSG_FASTOPEN fails first. */
#define DATA_CALL(name, call)                                         \
	static long call_##name##_data(int fd, const struct place *p) \
	{                                                             \
		struct letter l;                                      \
		struct msghdr *m = letter_of(&l, fd);                 \
                                                                      \
		l.iov[0] = (struct iovec){stand(p, data, 2), 2};      \
		return call;                                          \
	}

#define MANY (struct mmsghdr *)m

MESSAGE_CALLS(sendmsg, sendmsg(fd, m, FLAGS))
DATA_CALL(sendmsg, sendmsg(fd, m, FLAGS))
MESSAGE_CALLS(sendmsg_fast_open, sendmsg(fd, m, FLAGS | MSG_FASTOPEN))
MESSAGE_CALLS(sendmmsg, sendmmsg(fd, MANY, 1, FLAGS))
DATA_CALL(sendmmsg, sendmmsg(fd, MANY, 1, FLAGS))
MESSAGE_CALLS(recvmsg, recvmsg(fd, m, FLAGS))
DATA_CALL(recvmsg, recvmsg(fd, m, FLAGS))
MESSAGE_CALLS(recvmsg_trunc, recvmsg(fd, m, FLAGS | MSG_TRUNC))
MESSAGE_CALLS(recvmsg_waitall, recvmsg(fd, m, FLAGS | MSG_WAITALL))
DATA_CALL(recvmsg_waitall, recvmsg(fd, m, FLAGS | MSG_WAITALL))
MESSAGE_CALLS(recvmmsg, recvmmsg(fd, MANY, 1, FLAGS, NULL))
DATA_CALL(recvmmsg, recvmmsg(fd, MANY, 1, FLAGS, NULL))
MESSAGE_CALLS(recvmmsg_trunc, recvmmsg(fd, MANY, 1, FLAGS | MSG_TRUNC, NULL))

static long call_read(int fd, const struct place *p)
{
	return read(fd, stand(p, data, 2), 2);
}

static long call_readv(int fd, const struct place *p)
{
	struct iovec iov[2] = {{data, 1}, {data, 1}};

	return readv(fd, stand(p, iov, sizeof iov), 2);
}

static long call_recv(int fd, const struct place *p)
{
	return recv(fd, stand(p, data, 2), 2, FLAGS);
}

static long call_recv_waitall(int fd, const struct place *p)
{
	return recv(fd, stand(p, data, 2), 2, FLAGS | MSG_WAITALL);
}

static long call_write(int fd, const struct place *p)
{
	return write(fd, stand(p, data, 2), 2);
}

static long call_writev(int fd, const struct place *p)
{
	struct iovec iov[2] = {{data, 1}, {data, 1}};

	return writev(fd, stand(p, iov, sizeof iov), 2);
}

static long call_send(int fd, const struct place *p)
{
	return send(fd, stand(p, data, 2), 2, FLAGS);
}

static long epoll_call(int fd, int op, const struct place *p)
{
	struct epoll_event e = {.events = EPOLLIN};
	int epoll = must(epoll_create1(0));
	long got;

	if (op != EPOLL_CTL_ADD)
		must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e));
	got = epoll_ctl(epoll, op, fd, stand(p, &e, sizeof e));
	close(epoll);
	return got;
}

static long call_epoll_add(int fd, const struct place *p)
{
	return epoll_call(fd, EPOLL_CTL_ADD, p);
}

static long call_epoll_modify(int fd, const struct place *p)
{
	return epoll_call(fd, EPOLL_CTL_MOD, p);
}

static long call_epoll_delete(int fd, const struct place *p)
{
	return epoll_call(fd, EPOLL_CTL_DEL, p);
}

/* ---- all of them ---- */

/* clang-format off */
#define CALL(name)    {#name, call_##name, false}
#define NAMED(name)   CALL(name##_addr), CALL(name##_len)
#define GET(name)     {"get " #name, get_##name, false}, {"get " #name "_len", get_##name##_len, false}
#define OPTION(name)  GET(name), {"set " #name, set_##name, false}
#define OF_LIBC(name) {#name, call_##name, BY_MUSL}
#define MESSAGE(name) OF_LIBC(name), CALL(name##_iov), CALL(name##_name), OF_LIBC(name##_control)
/* clang-format on */

static const struct {
	const char *label;
	long (*call)(int fd, const struct place *p);
	bool of_libc; /* libc follows the pointer itself */
} calls[] = {
	CALL(connect),
	CALL(bind),
	CALL(sendto),
	CALL(fast_open),
	NAMED(getsockname),
	NAMED(getpeername),
	NAMED(accept),
	NAMED(accept4),
	NAMED(recvfrom),
	NAMED(recvfrom_trunc),
	OPTION(keepalive),
	OPTION(error),
	OPTION(reuseport),
	OPTION(rcvlowat),
	OPTION(nodelay),
	GET(info),
	OPTION(user_timeout),
	OPTION(tos),
	CALL(fionread),
	CALL(fionbio),
	MESSAGE(sendmsg),
	CALL(sendmsg_data),
	MESSAGE(sendmsg_fast_open),
	MESSAGE(sendmmsg),
	CALL(sendmmsg_data),
	MESSAGE(recvmsg),
	CALL(recvmsg_data),
	MESSAGE(recvmsg_trunc),
	MESSAGE(recvmsg_waitall),
	CALL(recvmsg_waitall_data),
	MESSAGE(recvmmsg),
	CALL(recvmmsg_data),
	MESSAGE(recvmmsg_trunc),
	CALL(read),
	CALL(readv),
	CALL(recv),
	CALL(recv_waitall),
	CALL(write),
	CALL(writev),
	CALL(send),
	CALL(epoll_add),
	CALL(epoll_modify),
	CALL(epoll_delete),
};

static sigjmp_buf back;

static void crashed(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

/* Those that give a descriptor succeed or do not. */
static const char *outcome_of(long got)
{
	return got > 2 ? "more than 2" : result(got);
}

/* Each call is of a fresh socket. */
static void every_call(int (*make)(int peer[1]), const char *label)
{
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].of_libc)
			continue;
		for (unsigned j = 0; j < ARRAY_SIZE(places); j++) {
			const char *volatile outcome = "crashes";
			int peer[1], fd = make(peer);

			if (sigsetjmp(back, 1) == 0)
				outcome = outcome_of(calls[i].call(fd, &places[j]));
			say("%s, %s, %s: %s", label, calls[i].label, places[j].label, outcome);
			close(fd);
			close(peer[0]);
		}
	}
}

static bool is_wanted(const char *kind, char **wanted)
{
	for (char **name = wanted; *name; name++)
		if (strcmp(kind, *name) == 0)
			return true;
	return !*wanted;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGSEGV, crashed);
	signal(SIGBUS, crashed);
	make_pages();
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (argc > 0 && is_wanted(kinds[i].label, argv + 1))
			every_call(kinds[i].make, kinds[i].label);
	return test_failed;
}
