/* SPDX-License-Identifier: MIT */
/*
 * faults-use.c - system calls of the shim fail while a connection is used
 */
#include <sys/ioctl.h>

#include "faults.h"

static void client(struct round *r, const char *ip, int flags)
{
	r->to = address_of(ip, SERVER_PORT);
	r->fd = must(socket(r->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

static void prepare_connection(struct round *r)
{
	client(r, "fd00::5", 0);
	set_options(r->fd);
	must(connect(r->fd, &r->to.any, r->to.len));
	wait_for(server, POLLIN);
	r->other = must(accept(server, NULL, NULL));
}

static void check_connection(struct round *r)
{
	struct address name = {.len = sizeof name.room};

	check_flags(r);
	check_fds(r);
	check_options(r->fd);
	check_echo(r->fd, r->other);
	must(getpeername(r->fd, &name.any, &name.len));
	check(name.len == r->to.len && memcmp(&name.room, &r->to.room, name.len) == 0);
}

static void act_names(struct round *r)
{
	struct address name = {.len = sizeof name.room};
	int peer;

	r->result = getsockname(r->fd, &name.any, &name.len);
	check(r->result < 0 || name.any.sa_family == AF_INET6);
	name.len = sizeof name.room;
	peer = getpeername(r->fd, &name.any, &name.len);
	check(peer < 0 || (name.any.sa_family == AF_INET6 && port_in(&name) == SERVER_PORT));
	errno = 0;
}

static void act_get(struct round *r)
{
	int value;

	r->result = 0;
	value = get_option(r->fd, IPPROTO_TCP, TCP_KEEPIDLE);
	check(value < 0 || value == 77);
	value = get_option(r->fd, IPPROTO_TCP, TCP_SYNCNT);
	check(value < 0 || value == 7);
	value = get_option(r->fd, SOL_SOCKET, SO_DOMAIN);
	check(value < 0 || value == AF_INET6);
	value = get_option(r->fd, SOL_SOCKET, SO_ERROR);
	check(value <= 0);
	value = get_option(r->fd, IPPROTO_TCP, TCP_INFO);
	check(value < 0 || (value & 0xff) == TCP_ESTABLISHED);
	value = get_option(r->fd, IPPROTO_IPV6, IPV6_TCLASS);
	check(value <= 0);
}

static void act_set(struct round *r)
{
	r->result = setsockopt(r->fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){99}, sizeof(int));
}

static void act_set_extra(struct round *r)
{
	r->result = setsockopt(r->fd, IPPROTO_TCP, TCP_SYNCNT, &(int){9}, sizeof(int));
}

static void check_set_one(struct round *r, int name, int old, int new)
{
	check(get_option(r->fd, IPPROTO_TCP, name) == (r->result < 0 ? old : new));
	must(setsockopt(r->fd, IPPROTO_TCP, name, &old, sizeof old));
	check_connection(r);
}

static void check_set(struct round *r)
{
	check_set_one(r, TCP_KEEPIDLE, 77, 99);
}

static void check_set_extra(struct round *r)
{
	check_set_one(r, TCP_SYNCNT, 7, 9);
}

static void act_shutdown(struct round *r)
{
	r->result = shutdown(r->fd, SHUT_WR);
}

static void check_shutdown(struct round *r)
{
	struct address name = {.len = sizeof name.room};
	char byte;

	check_fds(r);
	must(getpeername(r->fd, &name.any, &name.len));
	check(memcmp(&name.room, &r->to.room, name.len) == 0);
	if (r->result < 0) {
		check_connection(r);
		must(shutdown(r->fd, SHUT_WR));
	}
	check(recv(r->other, &byte, 1, 0) == 0);
	must((int)write(r->other, "x", 1));
	check(recv(r->fd, &byte, 1, 0) == 1);
}

static void act_messages(struct round *r)
{
	int value;

	r->result = 0;
	must((int)write(r->other, "abcd", 4));
	wait_for(r->fd, POLLIN);
	check(ioctl(r->fd, FIONREAD, &value) < 0 || value == 4);
	check(recv(r->fd, (char[4]){0}, 4, MSG_TRUNC) == 4);
	value = (int)sendto(r->fd, "x", 1, 0, &r->to.any, r->to.len);
	if (value == 1)
		check(recv(r->other, (char[1]){0}, 1, 0) == 1);
}

static const struct scenario scenarios[] = {
	{"names", prepare_connection, act_names, check_connection, false},
	{"getsockopt", prepare_connection, act_get, check_connection, false},
	{"setsockopt", prepare_connection, act_set, check_set, false},
	{"setsockopt, in the filter", prepare_connection, act_set_extra, check_set_extra,
	 false},
	{"shutdown", prepare_connection, act_shutdown, check_shutdown, false},
	{"messages", prepare_connection, act_messages, check_connection, false},
};

int main(int argc, char **argv)
{
	return run_all(argc, argv, scenarios, ARRAY_SIZE(scenarios));
}
