/* SPDX-License-Identifier: MIT */
/*
 * starved.c - a conversion that runs out of descriptors fails with EMFILE and harms nothing
 *
 * starved VSOCK TCP	an address that goes over vsock, and one that stays with TCP; there must
 * be rules so
 */
#include <sys/resource.h>

#include "tcp.h"

static struct rlimit usual;

/* From now on no descriptor can be made. */
static void starve(void)
{
	struct rlimit none = usual;
	int lowest = must(dup(STDIN_FILENO));

	close(lowest);
	none.rlim_cur = (rlim_t)lowest;
	must(setrlimit(RLIMIT_NOFILE, &none));
	errno = 0;
	check(dup(STDIN_FILENO) < 0 && errno == EMFILE);
}

static void feed(void)
{
	must(setrlimit(RLIMIT_NOFILE, &usual));
}

static int server_at(const char *ip)
{
	struct address a = address_of(ip, 0);
	int fd = must(socket(a.any.sa_family, SOCK_STREAM, 0));

	must(bind(fd, &a.any, a.len));
	must(listen(fd, 5));
	return fd;
}

static void check_served(int client, int listener, bool vsock)
{
	struct address peer;
	int fd = accept_one(listener, &peer);

	check(carried(client) == vsock);
	fcntl(client, F_SETFL, O_RDWR);
	check_echo(client, fd);
	close(fd);
}

static void starved_connect(const char *to, const char *elsewhere, bool vsock, int flags)
{
	int listener = server_at(to), other = server_at(elsewhere), fd;
	struct address a = address_of(to, local_port(listener));
	struct address b = address_of(elsewhere, local_port(other));
	uint64_t cookie, after;

	fd = must(socket(a.any.sa_family, SOCK_STREAM | flags, 0));
	must(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){77}, sizeof(int)));
	must(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &(socklen_t){sizeof cookie}));
	starve();
	for (int i = 0; i < 3 && vsock; i++) {
		errno = 0;
		check(connect(fd, &a.any, a.len) < 0 && errno == EMFILE);
		must(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &after, &(socklen_t){sizeof after}));
		check(cookie == after);
		check(kernel_family(fd) == a.any.sa_family);
		check(strcmp(peer_name(fd), "ENOTCONN") == 0);
	}
	if (!vsock)
		check(connect(fd, &a.any, a.len) == 0 || errno == EINPROGRESS);
	feed();
	if (vsock)
		check(connect(fd, &b.any, b.len) == 0 || errno == EINPROGRESS);
	wait_for(fd, POLLOUT);
	check_served(fd, vsock ? other : listener, false);
	close(fd);

	/* another one, which gets where it wanted to when there is room again */
	fd = must(socket(a.any.sa_family, SOCK_STREAM | flags, 0));
	starve();
	if (vsock)
		check(connect(fd, &a.any, a.len) < 0 && errno == EMFILE);
	feed();
	check(connect(fd, &a.any, a.len) == 0 || errno == EINPROGRESS);
	wait_for(fd, POLLOUT);
	check_served(fd, listener, vsock);
	close(fd);
	close(listener);
	close(other);
}

static void starved_bind(const char *on, bool vsock)
{
	struct address a = address_of(on, 0);
	int fd = must(socket(a.any.sa_family, SOCK_STREAM, 0)), client;

	starve();
	errno = 0;
	check((bind(fd, &a.any, a.len) < 0 && errno == EMFILE) == vsock);
	if (vsock) {
		check(kernel_family(fd) == a.any.sa_family);
		check(local_port(fd) == 0);
	}
	feed();
	if (vsock)
		must(bind(fd, &a.any, a.len));
	must(listen(fd, 5));
	a = address_of(on, local_port(fd));
	client = must(socket(a.any.sa_family, SOCK_STREAM, 0));
	must(connect(client, &a.any, a.len));
	check_served(client, fd, vsock);
	close(client);
	close(fd);
}

/* With a socket that is there already, all that needs no descriptor works. */
static void starved_use(const char *on, bool vsock)
{
	int listener = server_at(on), client, server;
	struct address a = address_of(on, local_port(listener)),
		       peer = {.len = sizeof peer.room};
	char buffer[4];

	client = must(socket(a.any.sa_family, SOCK_STREAM, 0));
	must(connect(client, &a.any, a.len));
	starve();
	wait_for(listener, POLLIN);
	errno = 0;
	check(accept(listener, &peer.any, &peer.len) < 0 && errno == EMFILE);
	feed();
	server = accept_one(listener, &peer);
	starve();
	check(strcmp(peer_name(client), result(-1)) != 0);
	must(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)));
	must(setsockopt(client, IPPROTO_TCP, TCP_KEEPIDLE, &(int){99}, sizeof(int)));
	must(send(client, "abcd", 4, 0));
	check(recv(server, buffer, 4, MSG_WAITALL) == 4);
	must(shutdown(server, SHUT_WR));
	check(recv(client, buffer, 4, 0) == 0);
	check(carried(client) == vsock);
	feed();
	close(client);
	close(server);
	close(listener);
}

int main(int argc, char **argv)
{
	const char *vsock = argv[1], *tcp = argv[2];

	check(argc == 3);
	must(getrlimit(RLIMIT_NOFILE, &usual));
	for (int flags = 0; flags <= SOCK_NONBLOCK; flags += SOCK_NONBLOCK) {
		starved_connect(vsock, tcp, true, flags);
		starved_connect(tcp, vsock, false, flags);
	}
	starved_bind(vsock, true);
	starved_bind(tcp, false);
	starved_use(vsock, true);
	starved_use(tcp, false);
	return test_failed;
}
