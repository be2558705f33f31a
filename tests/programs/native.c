/* SPDX-License-Identifier: MIT */
/*
 * native serve PORT | call CID PORT [OWN-PORT] | pattern - a program written for VM sockets
 *
 * The other end of `echo`: the same exchange (exchange.h) on AF_VSOCK's system calls, without
 * the shim. Both ends print the addresses that they see, "CID PORT". `pattern` prints what a
 * caller sends, for programs that have to be given it.
 */
#include <sys/socket.h>

#include <linux/vm_sockets.h> /* older ones leave sys/socket.h to whoever includes them */

#include "exchange.h"

/* Print both ends as the kernel has them. The CID of one's own end may be 4294967295 (any). */
static void print_names(const char *who, int fd)
{
	struct sockaddr_vm self = {0}, peer = {0};
	socklen_t self_len = sizeof self, peer_len = sizeof peer;

	if (getsockname(fd, (struct sockaddr *)&self, &self_len) < 0 ||
	    getpeername(fd, (struct sockaddr *)&peer, &peer_len) < 0)
		die("getsockname or getpeername");
	printf("%s: peer %u %u self %u %u\n", who, peer.svm_cid, peer.svm_port, self.svm_cid,
	       self.svm_port);
	fflush(stdout);
}

static struct sockaddr_vm address(unsigned int cid, const char *port)
{
	return (struct sockaddr_vm){.svm_family = AF_VSOCK,
				    .svm_cid = cid,
				    .svm_port = (unsigned int)strtoul(port, NULL, 10)};
}

static int bound_socket(const char *port)
{
	struct sockaddr_vm any = address(VMADDR_CID_ANY, port);
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) < 0)
		die("socket or bind");
	return fd;
}

static int serve(const char *port)
{
	int listener = bound_socket(port), fd;

	if (listen(listener, 5) < 0)
		die("listen");
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		die("accept");
	print_names("serve", fd);
	return exchange_as_server(fd);
}

static int call(const char *cid, const char *port, const char *own_port)
{
	struct sockaddr_vm to = address((unsigned int)strtoul(cid, NULL, 10), port);
	int fd = own_port ? bound_socket(own_port) : socket(AF_VSOCK, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		die("connect");
	print_names("call", fd);
	return exchange_as_caller(fd);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2]);
	if ((argc == 4 || argc == 5) && strcmp(argv[1], "call") == 0)
		return call(argv[2], argv[3], argv[4]);
	if (argc == 2 && strcmp(argv[1], "pattern") == 0) {
		fill_pattern();
		return fwrite(exchange_sent, EXCHANGE_SIZE, 1, stdout) == 1 ? 0 : 1;
	}
	fprintf(stderr, "usage: native serve PORT | call CID PORT [OWN-PORT] | pattern\n");
	return 2;
}
