/* SPDX-License-Identifier: MIT */
/*
 * own-vsock.c - a program's own AF_VSOCK sockets are left alone, beside converted ones
 *
 * Prints the same with the shim and without it, as far as its own sockets go.
 */
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "tcp.h"

static void own(int fd, const char *what)
{
	struct address a = {.len = sizeof a.room};
	uint64_t size = 0, rate = 0;
	socklen_t len = sizeof size;
	int value = -1, got;

	got = getsockname(fd, &a.any, &a.len);
	say("%s: getsockname %s, family %d, cid %u, len %u", what, result(got), a.any.sa_family,
	    a.vm.svm_cid, a.len);
	a.len = sizeof a.room;
	got = getpeername(fd, &a.any, &a.len);
	say("%s: getpeername %s", what, result(got));
	if (got == 0)
		say("%s: family %d, cid %u, len %u", what, a.any.sa_family, a.vm.svm_cid,
		    a.len);
	must(getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, &len));
	say("%s: buffer size %llu", what, (unsigned long long)size);
	must(getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &size, &len));
	say("%s: largest buffer %llu", what, (unsigned long long)size);
	len = sizeof rate;
	must(getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, &len));
	say("%s: pacing rate %llx", what, (unsigned long long)rate);
	len = sizeof value;
	must(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &len));
	say("%s: domain %d", what, value);
	must(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &value, &len));
	say("%s: protocol %d", what, value);
	got = getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len);
	say("%s: get TCP_NODELAY %s", what, result(got));
	value = 1;
	say("%s: set TCP_NODELAY %s", what,
	    result(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value)));
	got = setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, sizeof value);
	say("%s: set SO_REUSEPORT %s", what, result(got));
	rate = 12345678;
	must(setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof rate));
	rate = 0;
	len = sizeof rate;
	must(getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, &len));
	say("%s: pacing rate set to %llu", what, (unsigned long long)rate);
	got = ioctl(fd, FIONREAD, &value);
	say("%s: FIONREAD %s", what, result(got));
}

static void native_connection(void)
{
	struct address a = {.len = sizeof a.vm}, peer = {.len = sizeof peer.room};
	int listener = must(socket(AF_VSOCK, SOCK_STREAM, 0)), server, client, nobody;

	a.vm = (struct sockaddr_vm){
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = 7777};
	client = must(socket(AF_VSOCK, SOCK_STREAM, 0));
	own(client, "fresh");
	must(bind(listener, &a.any, a.len));
	own(listener, "bound");
	must(listen(listener, 5));
	own(listener, "listener");
	a.vm.svm_cid = VMADDR_CID_LOCAL;
	must(connect(client, &a.any, a.len));
	server = must(accept(listener, &peer.any, &peer.len));
	say("accept: family %d, cid %u, len %u", peer.any.sa_family, peer.vm.svm_cid, peer.len);
	own(client, "client");
	own(server, "accepted");
	check_echo(client, server);
	say("sendto with an address: %s", result(sendto(client, "x", 1, 0, &a.any, a.len)));
	say("shutdown: %s", result(shutdown(client, SHUT_WR)));
	peer.len = sizeof peer.room;
	say("getpeername after it: %s", result(getpeername(client, &peer.any, &peer.len)));
	say("shutdown of the listener: %s", result(shutdown(listener, SHUT_RDWR)));
	nobody = must(socket(AF_VSOCK, SOCK_STREAM, 0));
	a.vm.svm_port = 7778;
	say("refused: %s", result(connect(nobody, &a.any, a.len)));
	a.vm.svm_cid = 77;
	close(nobody);
	nobody = must(socket(AF_VSOCK, SOCK_STREAM, 0));
	say("no such CID: %s", result(connect(nobody, &a.any, a.len)));
	close(nobody);
	nobody = must(socket(AF_VSOCK, SOCK_STREAM, 0));
	say("connect to an IPv4 address: %s", result(connect_to(nobody, "127.0.0.1", 9)));
	say("bind to an IPv4 address: %s", result(bind_to(nobody, "127.0.0.1", 9)));
	say("listen without bind: %s", result(listen(nobody, 5)));
	say("its family: %d", kernel_family(nobody));
	close(nobody);
	close(client);
	close(server);
	close(listener);
}

int main(void)
{
	int ends[2];

	connected_pair(&families[0], "127.0.0.1", ends);
	native_connection();
	check_echo(ends[0], ends[1]);
	close(ends[0]);
	close(ends[1]);
	return test_failed;
}
