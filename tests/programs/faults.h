/* SPDX-License-Identifier: MIT */
/*
 * faults.h - rounds in each of which another system call of the shim fails
 *
 * faults-... core|all [SCENARIO]
 *
 * A round is a child, which
 *
 *	prepares  a socket, in any of the states that a program may have it in,
 *	acts      with one call, or a few; only here does a call fail (faults-trap.h),
 *	verifies  what must hold whatever became of the call.
 *
 * What must hold: the descriptor is open, with the flags, options and registrations that it
 * had; no descriptor is left over; nothing went over TCP that the rules do not leave to it,
 * nobody came in whom they keep out; and what failed can be done again, or be done by TCP.
 *
 * tests/faults/faults.sh has the rules: 127.0.0.5 and fd00::5 go over vsock, 127.0.0.6 is
 *denied, and 127.0.0.8 stays with TCP. To listen, 7000-7099 is for everybody, 7100 for CID 7
 *alone.
 */
#ifndef TESTS_PROGRAMS_FAULTS_H
#define TESTS_PROGRAMS_FAULTS_H

#include <pthread.h>
#include <sys/wait.h>

#include "count-fds.h"
#include "faults-trap.h"

/* ---- what every round has ---- */

#define SERVER_PORT                                                               \
	7000 /* over vsock; behind the shim's back, TCP sockets lie in wait there \
	      */
#define PASSED_PORT 8000

static int server, passed, traps[3];

struct round {
	int fd;        /* what is acted on */
	int other;     /* its duplicate, its peer, or another listener */
	int result;    /* of the act */
	int error;     /* its errno */
	int flags;     /* F_GETFL before */
	int fds;       /* how many descriptors there were */
	int epolls[2]; /* that it is registered in; -1: none */
	struct address to;
};

/* What is done and looked at in the rounds; @core: in each run of the tests, not only in the
 * long one. */
struct scenario {
	const char *name;
	void (*prepare)(struct round *);
	void (*act)(struct round *);
	void (*verify)(struct round *);
	bool core;
};

static int raw_listener(const char *ip, uint16_t port)
{
	struct address a = address_of(ip, port);
	int fd = must((int)syscall(SYS_socket, a.any.sa_family, SOCK_STREAM, 0));

	must((int)syscall(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &(int){1},
			  sizeof(int)));
	must((int)syscall(SYS_bind, fd, &a.any, a.len));
	must((int)syscall(SYS_listen, fd, 100));
	return fd;
}

static void set_up(void)
{
	struct address any = address_of("0.0.0.0", SERVER_PORT);

	server = must(socket(AF_INET, SOCK_STREAM, 0));
	must(bind(server, &any.any, any.len));
	must(listen(server, 100));
	check(carried(server));
	passed = raw_listener("127.0.0.8", PASSED_PORT);
	traps[0] = raw_listener("127.0.0.5", SERVER_PORT);
	traps[1] = raw_listener("127.0.0.6", SERVER_PORT);
	traps[2] = raw_listener("fd00::5", SERVER_PORT);
}

static void drain(int listener)
{
	while (events_now(listener, POLLIN))
		close(must(accept(listener, NULL, NULL)));
}

static bool told_of_loss(const struct round *r)
{
	return r->result < 0 && fault.rest &&
	       atomic_load(&failed_call) == ((long long)SYS_epoll_ctl << 32 | EPOLL_CTL_ADD);
}

MAYBE_UNUSED static void register_in_epolls(struct round *r)
{
	for (int i = 0; i < 2; i++) {
		struct epoll_event event = {.events = EPOLLIN | (i ? EPOLLET : EPOLLRDHUP),
					    .data.u64 = 1000u + (unsigned)i};

		r->epolls[i] = must(epoll_create1(EPOLL_CLOEXEC));
		must(epoll_ctl(r->epolls[i], EPOLL_CTL_ADD, r->fd, &event));
	}
}

/* Something is there to be read: every epoll says so. */
MAYBE_UNUSED static void check_registrations(const struct round *r)
{
	struct epoll_event event;

	for (int i = 0; i < 2 && r->epolls[i] >= 0 && !told_of_loss(r); i++) {
		if (epoll_wait(r->epolls[i], &event, 1, 5000) != 1 ||
		    event.data.u64 != 1000u + (unsigned)i)
			complain("a registration is lost (the call said %s)",
				 r->result < 0 ? error_name(r->error) : "success");
	}
}

static void check_flags(const struct round *r)
{
	int flags = must(fcntl(r->fd, F_GETFL));

	if ((flags ^ r->flags) & (O_NONBLOCK | O_ASYNC))
		complain("flags 0%o became 0%o (the call said %s)", (unsigned)r->flags,
			 (unsigned)flags, r->result < 0 ? error_name(r->error) : "success");
	check(fcntl(r->fd, F_GETFD) == FD_CLOEXEC);
}

static void check_fds(const struct round *r)
{
	if (count_fds() != r->fds)
		complain("%d descriptors became %d", r->fds, count_fds());
}

MAYBE_UNUSED static void check_traps(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(traps); i++)
		if (events_now(traps[i], POLLIN))
			complain("it went over TCP");
}

/* Options that prepare_options() has set. */
static void set_options(int fd)
{
	struct timeval limit = {.tv_sec = 77};

	must(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int)));
	must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
	must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)));
	must(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){77}, sizeof(int)));
	must(setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &(int){7}, sizeof(int)));
}

static int get_option(int fd, int level, int name)
{
	int value[4] = {-1};
	socklen_t len = sizeof value;

	return getsockopt(fd, level, name, value, &len) < 0 ? -errno : value[0];
}

static void check_options(int fd)
{
	check(get_option(fd, SOL_SOCKET, SO_KEEPALIVE) == 1);
	check(get_option(fd, SOL_SOCKET, SO_RCVTIMEO) == 77);
	check(get_option(fd, IPPROTO_TCP, TCP_NODELAY) == 1);
	check(get_option(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 77);
	check(get_option(fd, IPPROTO_TCP, TCP_SYNCNT) == 7);
}

static void *rest_here(void *nothing)
{
	for (;;)
		pause();
	return nothing;
}

/* A child's exit status: something is wrong; no call was left that could fail. */
enum { WRONG = 1, AT_END = 2 };

static int run(const struct scenario *s, bool threads, uint64_t start, uint64_t end)
{
	struct round r = {.fd = -1, .other = -1, .epolls = {-1, -1}};
	pthread_t thread;

	drain(server);
	if (threads)
		check(pthread_create(&thread, NULL, rest_here, NULL) == 0);
	s->prepare(&r);
	r.flags = fcntl(r.fd, F_GETFL);
	r.fds = count_fds();
	install(start, end);
	atomic_store(&armed, true);
	errno = 0;
	s->act(&r);
	r.error = errno;
	atomic_store(&armed, false);
	s->verify(&r);
	if (test_failed)
		say("  (the call that failed: %lld, %llx; the shim made %d)",
		    atomic_load(&failed_call) >> 32, atomic_load(&failed_call) & 0xffffffff,
		    atomic_load(&calls));
	return (test_failed ? WRONG : 0) | (atomic_load(&failed_call) < 0 ? AT_END : 0);
}

static int rounds;

/* One call after the other fails, until there is none left. */
static void each_call(const struct scenario *s, bool threads, int error, bool rest,
		      uint64_t start, uint64_t end)
{
	int status = 0, wrong = 0;

	/* that much is enough to see what is wrong */
	for (int number = 0; !(status & AT_END) && wrong < 4; number++, rounds++) {
		pid_t child = must(fork());

		if (child == 0) {
			test_failed = false;
			fault = (struct fault){number, error, rest};
			alarm(30);
			_exit(run(s, threads, start, end));
		}
		must(waitpid(child, &status, 0));
		status = WIFEXITED(status) ? WEXITSTATUS(status) : WRONG;
		wrong += status & WRONG;
		if (status & WRONG)
			complain("%s%s: call %d%s, %s", s->name, threads ? ", threads" : "",
				 number, rest ? " and later ones" : "", error_name(error));
	}
}

/* run_all() - what main() does */
static int run_all(int argc, char **argv, const struct scenario *scenarios, unsigned count)
{
	bool core = argc < 2 || strcmp(argv[1], "core") == 0;
	const char *only = argc > 2 ? argv[2] : "";
	uint64_t start, end;

	if (!CAN_TRAP) {
		say("not on this architecture");
		return 0;
	}
	find_shim(&start, &end);
	set_up();
	for (unsigned i = 0; i < count; i++) {
		const struct scenario *s = &scenarios[i];

		if ((core && !s->core) || !strstr(s->name, only))
			continue;
		each_call(s, false, EPERM, false, start, end);
		if (core)
			continue;
		each_call(s, false, ENOMEM, true, start, end);
		each_call(s, true, ENOMEM, false, start, end);
		each_call(s, true, EPERM, true, start, end);
	}
	say("%d rounds", rounds);
	return test_failed;
}

#endif
