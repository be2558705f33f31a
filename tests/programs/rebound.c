/* SPDX-License-Identifier: MIT */
/*
 * rebound.c - sockets that change between TCP and VM sockets: bound first, connected again,
 * disconnected
 *
 * rebound VSOCK TCP	an address that goes over vsock, and one that stays with TCP, if there
 * are rules so
 */
#include "tcp.h"

static const char *vsock_ip, *tcp_ip;
static int vsock_server, tcp_server;

static int server_at(const char *ip, const char *name)
{
	struct address a = address_of(ip, 0);
	int fd = must(socket(a.any.sa_family, SOCK_STREAM, 0));

	must(bind(fd, &a.any, a.len));
	must(listen(fd, 5));
	know_port(local_port(fd), name);
	return fd;
}

static int go_to(int fd, bool vsock)
{
	return connect_to(fd, vsock ? vsock_ip : tcp_ip,
			  local_port(vsock ? vsock_server : tcp_server));
}

static void check_there(const char *what, int fd, bool vsock)
{
	struct address peer;
	int server;

	if (!(wait_for(fd, POLLOUT) & POLLOUT) || strcmp(pending_error(fd), "0") != 0) {
		complain("%s: not connected", what);
		return;
	}
	server = accept_one(vsock ? vsock_server : tcp_server, &peer);
	know_port(local_port(fd), "client");
	say("%s: peer %s, the server sees port %s", what, peer_name(fd),
	    port_name(port_in(&peer)));
	if (over_vsock() && carried(fd) != vsock)
		complain("%s: family %d", what, kernel_family(fd));
	fcntl(fd, F_SETFL, O_RDWR);
	check_echo(fd, server);
	close(server);
	known_port_count = 2;
}

static int client(int flags)
{
	struct address a = address_of(vsock_ip, 0);
	int fd = must(socket(a.any.sa_family, SOCK_STREAM | flags, 0));

	must(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){123}, sizeof(int)));
	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)));
	return fd;
}

static void check_options(int fd)
{
	int value = 0;

	must(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &(socklen_t){sizeof value}));
	check(value == 123);
}

/* Is this port in use for TCP? On all addresses, as bound() asks for it: a connection of the
 * other family that is not quite over counts too. */
static bool taken(uint16_t port)
{
	int family = address_of(tcp_ip, 0).any.sa_family;
	int fd = must(socket(family, SOCK_STREAM, 0));
	struct address all = address_of(family == AF_INET6 ? "::" : "0.0.0.0", port);
	bool refused = syscall(SYS_bind, fd, &all.any, all.len) < 0;

	close(fd);
	return refused;
}

/* How often another port had to be taken, which nobody had afterwards */
static int moved;

/* bind(), with and without a port, then connect(). */
static void bound(bool vsock, int flags, uint16_t wanted)
{
	uint16_t port;
	bool v6 = address_of(vsock_ip, 0).any.sa_family == AF_INET6;
	int fd = client(flags);

	must(bind_to(fd, v6 ? "::" : "0.0.0.0", wanted));
	port = local_port(fd);
	say("bound, connect to %s: %s", vsock ? "vsock" : "TCP", result(go_to(fd, vsock)));
	check_there("bound", fd, vsock);
	/* A port that was free for VM sockets may be in use for TCP: then it is another,
	 * rarely. Whoever had it may be gone when this asks. */
	if (local_port(fd) != port)
		check(!wanted && !vsock && (taken(port) || ++moved <= 2));
	check_options(fd);
	close(fd);
}

/* A failed attempt one way, then the other way. */
static void after_refusal(bool first, bool bind_first, int flags)
{
	bool v6 = address_of(vsock_ip, 0).any.sa_family == AF_INET6;
	int fd = client(flags);

	if (bind_first)
		must(bind_to(fd, v6 ? "::" : "0.0.0.0", 0));
	say("refused %s: %s", first ? "over vsock" : "over TCP",
	    result(connect_to(fd, first ? vsock_ip : tcp_ip, 1)));
	if (flags) {
		wait_for(fd, POLLOUT);
		say("refused: %s", result(connect_to(fd, first ? vsock_ip : tcp_ip, 1)));
	}
	say("then the other way: %s", result(go_to(fd, !first)));
	check_there("after a refusal", fd, !first);
	check_options(fd);
	close(fd);
}

/* connect() to AF_UNSPEC ends a connection; the socket can be connected again. */
static void disconnected(bool first, bool second, bool bind_first)
{
	struct address nowhere = {.len = sizeof nowhere.in};
	bool v6 = address_of(vsock_ip, 0).any.sa_family == AF_INET6;
	int fd = client(0);

	if (bind_first)
		must(bind_to(fd, v6 ? "::" : "0.0.0.0", 0));
	say("connect: %s", result(go_to(fd, first)));
	check_there("connected", fd, first);
	say("disconnect: %s", result(connect(fd, &nowhere.any, nowhere.len)));
	say("peer %s", peer_name(fd));
	say("connect again: %s", result(go_to(fd, second)));
	check_there("connected again", fd, second);
	say("connect when connected: %s, %s", result(go_to(fd, true)),
	    result(go_to(fd, false)));
	check_options(fd);
	close(fd);
}

static void connected_elsewhere(bool first)
{
	int fd = client(0);

	must(go_to(fd, first));
	check_there("connected", fd, first);
	say("connect to the other: %s", result(go_to(fd, !first)));
	close(fd);
}

int main(int argc, char **argv)
{
	static const int flags[] = {0, SOCK_NONBLOCK};

	check(argc == 3);
	vsock_ip = argv[1];
	tcp_ip = argv[2];
	vsock_server = server_at(vsock_ip, "vsock server");
	tcp_server = server_at(tcp_ip, "TCP server");
	if (over_vsock())
		check(carried(vsock_server) && !carried(tcp_server));
	for (int i = 0; i < 2; i++) {
		for (int vsock = 0; vsock < 2; vsock++) {
			say("[%s first, %s]", vsock ? "vsock" : "TCP",
			    i ? "non-blocking" : "blocking");
			bound(vsock, flags[i], 0);
			bound(vsock, flags[i], (uint16_t)(21000 + i * 2 + vsock));
			after_refusal(vsock, false, flags[i]);
			after_refusal(vsock, true, flags[i]);
		}
	}
	for (int first = 0; first < 2; first++) {
		for (int second = 0; second < 2; second++) {
			say("[disconnected from %s, then to %s]", first ? "vsock" : "TCP",
			    second ? "vsock" : "TCP");
			disconnected(first, second, false);
			disconnected(first, second, true);
		}
		connected_elsewhere(first);
	}
	return test_failed;
}
