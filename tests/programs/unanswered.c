/* SPDX-License-Identifier: MIT */
/*
 * unanswered.c - the kernel refuses to say what a socket is: a rule must not be passed over
 *
 * unanswered [deny]	A program's own sandbox (a seccomp filter) forbids getsockname()
 * or getsockopt(). Every call that a rule could decide then fails with the filter's errno, and
 * never goes over TCP; what no rule can decide is as without the shim. unanswered.test has the
 * rules.
 *
 * Each trial is a child of its own, for a filter stays for good.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "count-fds.h"
#include "tcp.h"

static void forbid(long call, int error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_SIZE(filter), filter};

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

/* What is forbidden, and how. */
struct sandbox {
	long call;
	const char *name;
	int error;
};

static const struct sandbox sandboxes[] = {
	{SYS_getsockname, "getsockname", EPERM},
	{SYS_getsockname, "getsockname", ENOBUFS},
	{SYS_getsockopt, "getsockopt", EPERM},
	{SYS_getsockopt, "getsockopt", ENOSYS},
};

/* What the child does in it; 0, or an errno. */
typedef int (*trial)(const struct sandbox *box, void *argument);

static void expect_errno(const char *what, const struct sandbox *box, int wanted, trial run,
			 void *argument)
{
	int status = 0, got;
	pid_t child = must(fork());

	if (child == 0) {
		int error;

		test_failed = false;
		error = run(box, argument);

		_exit(test_failed ? 255 : error);
	}
	must(waitpid(child, &status, 0));
	got = WIFEXITED(status) ? WEXITSTATUS(status) : 254;
	if (got != wanted)
		complain("%s, %s forbidden with %s: %s in place of %s", what, box->name,
			 error_name(box->error), got ? error_name(got) : "success",
			 wanted ? error_name(wanted) : "success");
}

static int outcome_of(long result)
{
	return result < 0 ? errno : 0;
}

/* A descriptor that the shim has no hint of, as one that was inherited. */
static int foreign(int fd)
{
	int copy = (int)must(syscall(SYS_fcntl, fd, F_DUPFD, 100));

	close(fd);
	return copy;
}

/* ---- connect() ---- */

struct connecting {
	const struct address *to;
	int type; /* SOCK_STREAM, and flags */
	bool foreign, fast;
};

static int try_connect(const struct sandbox *box, void *argument)
{
	const struct connecting *c = argument;
	int fd = must(socket(c->to->any.sa_family, c->type, 0));

	if (c->foreign)
		fd = foreign(fd);
	forbid(box->call, box->error);
	if (c->fast)
		return outcome_of(sendto(fd, "x", 1, MSG_FASTOPEN, &c->to->any, c->to->len));
	return outcome_of(connect(fd, &c->to->any, c->to->len));
}

static int tcp_listener(const char *ip, struct address *at)
{
	int fd;

	*at = address_of(ip, free_port());
	fd = must(socket(at->any.sa_family, SOCK_STREAM, 0));
	must(bind(fd, &at->any, at->len));
	must(listen(fd, 100));
	check(kernel_family(fd) == at->any.sa_family);
	return fd;
}

/* Everything that connects to @ip, which the rules do not leave to TCP. */
static void connects(const char *ip, bool denied)
{
	struct address at;
	int listener = tcp_listener(ip, &at);

	for (unsigned i = 0; i < ARRAY_SIZE(sandboxes); i++) {
		const struct sandbox *box = &sandboxes[i];
		struct connecting c = {&at, SOCK_STREAM, true, false};
		char what[64];

		snprintf(what, sizeof what, "connect to %s", ip);
		expect_errno(what, box, box->error, try_connect, &c);
		c.type |= SOCK_NONBLOCK;
		expect_errno(what, box, box->error, try_connect, &c);
		c.fast = true;
		snprintf(what, sizeof what, "MSG_FASTOPEN to %s", ip);
		expect_errno(what, box, box->error, try_connect, &c);
		/* a socket that was made here is known to be one of TCP without its options */
		c = (struct connecting){&at, SOCK_STREAM, false, false};
		snprintf(what, sizeof what, "connect of a fresh socket to %s", ip);
		expect_errno(what, box,
			     denied && box->call == SYS_getsockopt ? ECONNREFUSED : box->error,
			     try_connect, &c);
		c.type = SOCK_DGRAM;
		snprintf(what, sizeof what, "connect of UDP to %s", ip);
		expect_errno(what, box, 0, try_connect, &c);
		if (events_now(listener, POLLIN))
			complain("to %s, %s forbidden: it arrived over TCP", ip, box->name);
		while (events_now(listener, POLLIN))
			close(must(accept(listener, NULL, NULL)));
	}
	close(listener);
}

/* What the rules leave to TCP goes on as it did. */
static void passes(const char *ip)
{
	struct address at;
	int listener = tcp_listener(ip, &at);

	for (unsigned i = 0; i < ARRAY_SIZE(sandboxes); i++)
		for (int f = 0; f <= 1; f++) {
			struct connecting c = {&at, SOCK_STREAM, f, false};

			expect_errno("connect by TCP", &sandboxes[i], 0, try_connect, &c);
			check(events_now(listener, POLLIN));
			close(must(accept(listener, NULL, NULL)));
		}
	close(listener);
}

/* ---- bind(), listen() ---- */

static int try_bind(const struct sandbox *box, void *argument)
{
	const struct address *on = argument;
	int fd = foreign(must(socket(on->any.sa_family, SOCK_STREAM, 0)));

	forbid(box->call, box->error);
	return outcome_of(bind(fd, &on->any, on->len));
}

static int try_listen(const struct sandbox *box, void *argument)
{
	int fd = foreign(must(socket(*(int *)argument, SOCK_STREAM, 0)));

	forbid(box->call, box->error);
	return outcome_of(listen(fd, 5));
}

/* A converted listener, which must not be taken for the program's own. */
static int try_listen_again(const struct sandbox *box, void *argument)
{
	const struct address *on = argument;
	int fd = must(socket(on->any.sa_family, SOCK_STREAM, 0));

	must(bind(fd, &on->any, on->len));
	check(carried(fd));
	forbid(box->call, box->error);
	return outcome_of(listen(fd, 5));
}

static int try_unix(const struct sandbox *box, void *argument)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd = must(socket(AF_UNIX, SOCK_STREAM, 0)), client, server;

	(void)argument;
	unlink(name.sun_path);
	forbid(box->call, box->error);
	must(bind(fd, (struct sockaddr *)&name, sizeof name));
	must(listen(fd, 5));
	client = must(socket(AF_UNIX, SOCK_STREAM, 0));
	must(connect(client, (struct sockaddr *)&name, sizeof name));
	server = must(accept(fd, NULL, NULL));
	must(shutdown(client, SHUT_WR));
	check(recv(server, (char[1]){0}, 1, 0) == 0);
	return 0;
}

static int no_socket(const struct sandbox *box, void *argument)
{
	struct address to = address_of("127.0.0.5", 80);
	int pipes[2];

	(void)argument;
	must(pipe(pipes));
	forbid(box->call, box->error);
	check(connect(-1, &to.any, to.len) < 0 && errno == EBADF);
	check(bind(-1, &to.any, to.len) < 0 && errno == EBADF);
	check(listen(-1, 5) < 0 && errno == EBADF);
	return 0;
}

static void binds(void)
{
	struct address v4 = address_of("127.0.0.1", 9000), v6 = address_of("::", 9000),
		       denied = address_of("127.0.0.1", 9002),
		       other = address_of("127.0.0.1", 9003);

	for (unsigned i = 0; i < ARRAY_SIZE(sandboxes); i++) {
		const struct sandbox *box = &sandboxes[i];

		expect_errno("bind", box, box->error, try_bind, &v4);
		expect_errno("bind to ::", box, box->error, try_bind, &v6);
		expect_errno("bind, denied", box, box->error, try_bind, &denied);
		expect_errno("bind by TCP", box, 0, try_bind, &other);
		expect_errno("listen after bind", box,
			     box->call == SYS_getsockopt ? box->error : 0, try_listen_again,
			     &v4);
		expect_errno("Unix sockets", box, 0, try_unix, NULL);
		expect_errno("no socket", box, 0, no_socket, NULL);
	}
}

/* Any port, which the rules' default denies. */
static void unbound(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(sandboxes); i++) {
		const struct sandbox *box = &sandboxes[i];

		expect_errno("listen without bind", box, box->error, try_listen,
			     &(int){AF_INET});
		expect_errno("listen without bind", box, box->error, try_listen,
			     &(int){AF_INET6});
	}
}

/* ---- accept() ---- */

static int client_of(const struct address *to)
{
	int fd = must(socket(to->any.sa_family, SOCK_STREAM, 0));

	must(connect(fd, &to->any, to->len));
	check(carried(fd));
	return fd;
}

struct accepting {
	struct address on;
	bool named, foreign, closed;
};

static int try_accept(const struct sandbox *box, void *argument)
{
	const struct accepting *a = argument;
	int listener = must(socket(a->on.any.sa_family, SOCK_STREAM, 0)), client, fd, before;
	struct address peer = {.len = sizeof peer.room};
	char byte;

	must(bind(listener, &a->on.any, a->on.len));
	must(listen(listener, 5));
	if (a->foreign)
		listener = foreign(listener);
	client = client_of(&a->on);
	must(write(client, "x", 1));
	wait_for(listener, POLLIN);
	before = count_fds();
	forbid(box->call, box->error);
	fd = accept(listener, a->named ? &peer.any : NULL, a->named ? &peer.len : NULL);
	if (fd >= 0 && a->named && peer.any.sa_family == AF_VSOCK)
		complain("the program sees an address of AF_VSOCK");
	if (fd < 0 && count_fds() != before)
		complain("%d descriptors in place of %d", count_fds(), before);
	if (fd >= 0 && a->closed && recv(fd, &byte, 1, 0) != 0)
		complain("who is refused can be heard");
	close(client);
	return outcome_of(fd);
}

/* Closed means closed: 9000 lets nobody in, and gives what has ended; 9001 lets everybody in,
 * whom nothing is known of. */
static void accepts(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(sandboxes); i++)
		for (int way = 0; way < 4; way++) {
			const struct sandbox *box = &sandboxes[i];
			struct accepting a = {address_of("127.0.0.1", 9001), way & 1, way & 2,
					      false};
			int error = box->call == SYS_getsockopt ? box->error : 0;

			expect_errno("accept", box, error, try_accept, &a);
			a.on = address_of("127.0.0.1", 9000);
			a.closed = true;
			expect_errno("accept where nobody is let in", box, error, try_accept,
				     &a);
		}
}

/* ---- names and options of a converted socket ---- */

static int try_client(const struct sandbox *box, void *argument)
{
	const struct address *to = argument;
	struct address name = {.len = sizeof name.room};
	int fd = client_of(to), one = 1;

	forbid(box->call, box->error);
	check(getsockname(fd, &name.any, &name.len) < 0 && errno == box->error);
	if (box->call != SYS_getsockopt)
		return 0;
	name.len = sizeof name.room;
	check(getpeername(fd, &name.any, &name.len) < 0 && errno == box->error);
	check(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &one, sizeof one) < 0 &&
	      errno == box->error);
	check(setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &one, sizeof one) < 0 &&
	      errno == box->error);
	check(connect(fd, &to->any, to->len) < 0 && errno == box->error);
	check(shutdown(fd, SHUT_WR) < 0 && errno == box->error);
	return 0;
}

static void converted(void)
{
	struct address on = address_of("127.0.0.1", 9001);
	int listener = must(socket(AF_INET, SOCK_STREAM, 0));

	must(bind(listener, &on.any, on.len));
	must(listen(listener, 100));
	for (unsigned i = 0; i < ARRAY_SIZE(sandboxes); i++)
		expect_errno("a converted socket", &sandboxes[i], 0, try_client, &on);
	close(listener);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "deny") == 0) {
		connects("127.0.0.7", true);
		unbound();
		return test_failed;
	}
	connects("127.0.0.5", false);
	connects("::ffff:127.0.0.5", false);
	connects("fd00::5", false);
	connects("127.0.0.6", true);
	connects("10.9.9.9", false);
	passes("127.0.0.8");
	binds();
	accepts();
	converted();
	return test_failed;
}
