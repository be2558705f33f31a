/* SPDX-License-Identifier: MIT */
/*
 * faults-listen.c - system calls of the shim fail in bind(), listen() and accept()
 */
#include "faults.h"

/* More than a listener's buffer holds */
#define LOW_WATER (1 << 20)

static void prepare_unbound(struct round *r)
{
	r->to = address_of("127.0.0.5", 7002);
	r->fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	register_in_epolls(r);
}

static void prepare_any_port(struct round *r)
{
	prepare_unbound(r);
	r->to = address_of("127.0.0.5", 0);
}

static void prepare_bind_options(struct round *r)
{
	r->to = address_of("fd00::5", 7002);
	r->fd = must(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
	set_options(r->fd);
}

static void first_of_two(struct round *r, int domain, const char *ip, const char *second,
			 bool reuse)
{
	struct address on = address_of(ip, 7002);

	r->other = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	r->fd = must(socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
	for (int i = 0; i < 2 && reuse; i++)
		must(setsockopt(i ? r->fd : r->other, SOL_SOCKET, SO_REUSEPORT, &(int){1},
				sizeof(int)));
	must(bind(r->other, &on.any, on.len));
	r->to = address_of(second, 7002);
}

static void prepare_second(struct round *r)
{
	first_of_two(r, AF_INET6, "0.0.0.0", "::", false);
	must(setsockopt(r->fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int)));
	register_in_epolls(r);
}

static void prepare_shared(struct round *r)
{
	first_of_two(r, AF_INET, "127.0.0.5", "127.0.0.5", true);
	register_in_epolls(r);
}

static void act_bind(struct round *r)
{
	r->result = bind(r->fd, &r->to.any, r->to.len);
}

/* The listener at @r->fd serves, or another one does for it. */
static void check_serves(struct round *r, const char *ip)
{
	int fd, end, listener = r->fd;
	struct address at, peer;

	must(listen(r->fd, 5));
	if (r->other >= 0)
		must(listen(r->other, 5));
	at = address_of(ip, local_port(r->fd));
	fd = must(socket(at.any.sa_family, SOCK_STREAM, 0));
	must(connect(fd, &at.any, at.len));
	if (r->other >= 0 && !events_now(r->fd, POLLIN))
		listener = r->other;
	if (listener == r->fd) {
		wait_for(r->fd, POLLIN);
		check_registrations(r);
	}
	end = accept_one(listener, &peer);
	check(carried(end));
	check_echo(fd, end);
	close(fd);
	close(end);
}

static void check_bind(struct round *r)
{
	check_flags(r);
	check_fds(r);
	if (r->result < 0) {
		check(local_port(r->fd) == 0);
		check(kernel_family(r->fd) == r->to.any.sa_family);
		must(bind(r->fd, &r->to.any, r->to.len));
	}
	check(carried(r->fd));
	check_serves(r, r->to.any.sa_family == AF_INET ? "127.0.0.5" : "fd00::5");
	check_flags(r);
	check_fds(r);
}

static void check_bind_options(struct round *r)
{
	check_options(r->fd);
	check_bind(r);
	check_options(r->fd);
}

static void prepare_bind_denied(struct round *r)
{
	prepare_unbound(r);
	r->to = address_of("127.0.0.1", 7200);
}

static void prepare_listen_denied(struct round *r)
{
	prepare_unbound(r);
	r->to = address_of("127.0.0.8", 0);
}

static void act_listen(struct round *r)
{
	r->result = listen(r->fd, 5);
}

static void check_listen(struct round *r)
{
	check_flags(r);
	check_fds(r);
	check_serves(r, "127.0.0.5");
}

/* It is free for what is allowed. */
static void check_bind_denied(struct round *r)
{
	check(r->result < 0);
	check(local_port(r->fd) == 0);
	r->to = address_of("127.0.0.5", 7002);
	check_bind(r);
}

static void prepare_listener(struct round *r)
{
	prepare_unbound(r);
	must(bind(r->fd, &r->to.any, r->to.len));
}

/* One whose buffer is small until its connections are accepted (buffer.h) */
static void prepare_wide_listener(struct round *r)
{
	r->to = address_of("0.0.0.0", 7002);
	r->fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	must(bind(r->fd, &r->to.any, r->to.len));
	must(listen(r->fd, 5));
}

static void act_low_water(struct round *r)
{
	r->result = setsockopt(r->fd, SOL_SOCKET, SO_RCVLOWAT, &(int){LOW_WATER}, sizeof(int));
}

static void check_low_water(struct round *r)
{
	uint64_t size = 0;
	socklen_t len = sizeof size;

	if (r->result == 0) {
		check(get_option(r->fd, SOL_SOCKET, SO_RCVLOWAT) == LOW_WATER);
		must((int)syscall(SYS_getsockopt, r->fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE,
				  &size, &len));
		check(size < LOW_WATER);
	}
	must(setsockopt(r->fd, SOL_SOCKET, SO_RCVLOWAT, &(int){1}, sizeof(int)));
	check_listen(r);
}

/* ---- accept() ---- */

static void listener_with_client(struct round *r, uint16_t port)
{
	r->to = address_of("127.0.0.5", port);
	r->fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	set_options(r->fd);
	must(bind(r->fd, &r->to.any, r->to.len));
	must(listen(r->fd, 5));
	r->other = must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(r->other, &r->to.any, r->to.len));
	wait_for(r->fd, POLLIN);
}

static void prepare_accept(struct round *r)
{
	listener_with_client(r, 7002);
}

static void prepare_refused(struct round *r)
{
	listener_with_client(r, 7100);
}

static void act_accept(struct round *r)
{
	struct address peer = {.len = sizeof peer.room};

	r->result = accept(r->fd, &peer.any, &peer.len);
	if (r->result >= 0 && peer.any.sa_family != AF_INET)
		complain("the program sees an address of family %d", peer.any.sa_family);
}

static void act_accept_nameless(struct round *r)
{
	r->result = accept4(r->fd, NULL, NULL, SOCK_NONBLOCK);
}

static void check_accept(struct round *r)
{
	struct address peer;

	if (r->result < 0) {
		check_fds(r);
		close(r->other);
		r->other = must(socket(AF_INET, SOCK_STREAM, 0));
		must(connect(r->other, &r->to.any, r->to.len));
		r->result = accept_one(r->fd, &peer);
	}
	r->fds++;
	check_fds(r);
	check_options(r->result);
	fcntl(r->result, F_SETFL, O_RDWR);
	check_echo(r->other, r->result);
}

/* Where the shim cannot find out what it may say, it gives a connection that has ended. */
static void check_refused(struct round *r)
{
	char byte;

	if (r->result >= 0) {
		check(wait_for(r->result, POLLIN) & POLLIN);
		check(recv(r->result, &byte, 1, 0) == 0);
		close(r->result);
	}
	check_fds(r);
}

static const struct scenario scenarios[] = {
	{"bind", prepare_unbound, act_bind, check_bind, true},
	{"bind, any port", prepare_any_port, act_bind, check_bind, false},
	{"bind, options", prepare_bind_options, act_bind, check_bind_options, false},
	{"bind, second", prepare_second, act_bind, check_bind, false},
	{"bind, shared", prepare_shared, act_bind, check_bind, false},
	{"bind, denied", prepare_bind_denied, act_bind, check_bind_denied, true},
	{"listen", prepare_listener, act_listen, check_listen, false},
	{"listen, SO_RCVLOWAT", prepare_wide_listener, act_low_water, check_low_water, false},
	{"listen, denied", prepare_listen_denied, act_listen, check_bind_denied, true},
	{"accept", prepare_accept, act_accept, check_accept, true},
	{"accept, without a name", prepare_accept, act_accept_nameless, check_accept, false},
	{"accept, refused", prepare_refused, act_accept, check_refused, true},
	{"accept, refused, without a name", prepare_refused, act_accept_nameless, check_refused,
	 true},
};

int main(int argc, char **argv)
{
	return run_all(argc, argv, scenarios, ARRAY_SIZE(scenarios));
}
