/* SPDX-License-Identifier: MIT */
/*
 * faults-connect.c - system calls of the shim fail in connect()
 */
#include "faults.h"

static void client(struct round *r, const char *ip, int flags)
{
	r->to = address_of(ip, SERVER_PORT);
	r->fd = must(socket(r->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

static void prepare_blocking(struct round *r)
{
	client(r, "127.0.0.5", 0);
}

static void prepare_nonblocking(struct round *r)
{
	client(r, "127.0.0.5", SOCK_NONBLOCK);
}

static void prepare_registered(struct round *r)
{
	client(r, "127.0.0.5", SOCK_NONBLOCK);
	register_in_epolls(r);
}

static void prepare_options(struct round *r)
{
	client(r, "fd00::5", 0);
	set_options(r->fd);
}

static void prepare_duplicate(struct round *r)
{
	client(r, "127.0.0.5", 0);
	register_in_epolls(r);
	r->other = must(fcntl(r->fd, F_DUPFD_CLOEXEC, 0));
}

static void prepare_signals(struct round *r)
{
	client(r, "127.0.0.5", 0);
	signal(SIGIO, SIG_IGN);
	must(fcntl(r->fd, F_SETOWN, getpid()));
	must(fcntl(r->fd, F_SETFL, O_RDWR | O_ASYNC));
}

/* A descriptor that the shim has no hint of. */
static void prepare_foreign(struct round *r)
{
	int fd;

	client(r, "127.0.0.5", 0);
	set_options(r->fd);
	register_in_epolls(r);
	fd = r->fd;
	r->fd = must((int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 100));
	for (int i = 0; i < 2; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u64 = 1000u + (unsigned)i};

		must((int)syscall(SYS_epoll_ctl, r->epolls[i], EPOLL_CTL_DEL, fd, NULL));
		must((int)syscall(SYS_epoll_ctl, r->epolls[i], EPOLL_CTL_ADD, r->fd, &event));
	}
	close(fd);
}

/* Each round is a process. It has a port of its own: on a busy machine the end of one round's
 * connection may still be on its way, and would meet the next one's between the same ports.
 * (tests/faults/faults.sh has rules of their own for some below 7300.) */
static void prepare_bound(struct round *r)
{
	struct address on = address_of("127.0.0.5", (uint16_t)(7300 + getpid() % 600));

	client(r, "127.0.0.5", 0);
	must(bind(r->fd, &on.any, on.len));
	check(carried(r->fd));
}

static void prepare_bound_nonblocking(struct round *r)
{
	prepare_bound(r);
	fcntl(r->fd, F_SETFL, O_RDWR | O_NONBLOCK);
}

static void prepare_bound_by_tcp(struct round *r)
{
	struct address on = address_of("127.0.0.8", 0);

	client(r, "127.0.0.5", 0);
	must(bind(r->fd, &on.any, on.len));
}

/* Nobody listens there: the socket has failed, and is asked to try again. */
static void prepare_failed(struct round *r)
{
	struct address closed = address_of("127.0.0.5", 7099);

	client(r, "127.0.0.5", 0);
	register_in_epolls(r);
	check(connect(r->fd, &closed.any, closed.len) < 0 && errno == ECONNREFUSED);
}

static void prepare_undone(struct round *r)
{
	prepare_failed(r);
	r->to = address_of("127.0.0.8", PASSED_PORT);
}

static void prepare_denied(struct round *r)
{
	client(r, "127.0.0.6", 0);
	register_in_epolls(r);
}

static void act_connect(struct round *r)
{
	r->result = connect(r->fd, &r->to.any, r->to.len);
}

static void act_fast_open(struct round *r)
{
	r->result = (int)sendto(r->fd, "", 0, MSG_FASTOPEN, &r->to.any, r->to.len);
}

/* Where the connection goes: accept its other end. The client has its flags still. */
static int other_end(struct round *r)
{
	bool vsock = carried(r->fd);
	int fd;

	wait_for(r->fd, POLLOUT);
	check(strcmp(pending_error(r->fd), "0") == 0);
	wait_for(vsock ? server : passed, POLLIN);
	fd = must(accept(vsock ? server : passed, NULL, NULL));
	r->fds++;
	return fd;
}

/* The call failed after a duplicate had been replaced, and what would undo that fails as well,
 * for good: the duplicate is not the same socket any more. */
static bool no_way_back(const struct round *r)
{
	long long kind = atomic_load(&failed_call),
		  level_and_name = SOL_SOCKET << 16 | SO_COOKIE;

	return r->result < 0 && fault.rest &&
	       (kind == (long long)SYS_dup3 << 32 ||
		kind == ((long long)SYS_getsockopt << 32 | level_and_name));
}

/* The connection, or the socket that is still without one, is as good as ever. */
static void check_connect(struct round *r)
{
	struct address tcp = address_of(
		r->to.any.sa_family == AF_INET ? "127.0.0.8" : "::ffff:127.0.0.8", PASSED_PORT);
	bool pending = r->result < 0 && r->error == EINPROGRESS;
	int end;

	check_traps();
	check_flags(r);
	if (r->result >= 0 || pending) {
		if (port_in(&r->to) != PASSED_PORT)
			check(carried(r->fd));
	} else if (connect(r->fd, &tcp.any, tcp.len) < 0 && errno != EINPROGRESS &&
		   /* it is connected, only that could not be found out */
		   !(carried(r->fd) && errno == EISCONN)) {
		complain("after %s, not even by TCP: %s", error_name(r->error),
			 error_name(errno));
		return;
	}
	check_flags(r);
	end = other_end(r);
	fcntl(r->fd, F_SETFL, O_RDWR);
	check_echo(r->fd, end);
	must((int)write(end, "x", 1));
	check_registrations(r);
	check(read(r->fd, (char[1]){0}, 1) == 1);
	if (r->other >= 0 && !no_way_back(r))
		check_echo(r->other, end);
	check_fds(r);
}

static void check_connect_options(struct round *r)
{
	check_options(r->fd);
	check_connect(r);
	check_options(r->fd);
}

static void check_denied(struct round *r)
{
	check(r->result < 0 && r->error != EINPROGRESS);
	check_connect(r);
}

static const struct scenario scenarios[] = {
	{"connect", prepare_blocking, act_connect, check_connect, true},
	{"connect, non-blocking", prepare_nonblocking, act_connect, check_connect, false},
	{"connect, in epolls", prepare_registered, act_connect, check_connect, true},
	{"connect, options", prepare_options, act_connect, check_connect_options, false},
	{"connect, a duplicate", prepare_duplicate, act_connect, check_connect, true},
	{"connect, signals", prepare_signals, act_connect, check_connect, false},
	{"connect, inherited", prepare_foreign, act_connect, check_connect_options, false},
	{"connect, bound", prepare_bound, act_connect, check_connect, true},
	{"connect, bound, non-blocking", prepare_bound_nonblocking, act_connect, check_connect,
	 false},
	{"connect, bound by TCP", prepare_bound_by_tcp, act_connect, check_connect, false},
	{"connect, once more", prepare_failed, act_connect, check_connect, false},
	{"connect, back to TCP", prepare_undone, act_connect, check_connect, false},
	{"connect, denied", prepare_denied, act_connect, check_denied, true},
	{"MSG_FASTOPEN", prepare_blocking, act_fast_open, check_connect, false},
};

int main(int argc, char **argv)
{
	return run_all(argc, argv, scenarios, ARRAY_SIZE(scenarios));
}
