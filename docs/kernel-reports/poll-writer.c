/* SPDX-License-Identifier: MIT */
/*
 * poll-writer.c - poll() does not wake a writer whose peer is gone (poll-writer.md)
 *
 * cc -o poll-writer poll-writer.c && ./poll-writer	(needs vsock_loopback)
 * Exit status: 0 if it is woken, 1 if it is not
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h> /* older ones leave sys/socket.h to whoever includes them */

int main(void)
{
	struct sockaddr_vm address = {
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_LOCAL, .svm_port = 4321};
	static char data[65536];
	struct pollfd out = {.events = POLLOUT}, end = {.events = POLLRDHUP};
	int listener = socket(AF_VSOCK, SOCK_STREAM, 0), peer;
	int writer = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(listener, 1) < 0 ||
	    connect(writer, (struct sockaddr *)&address, sizeof address) < 0)
		err(2, "no connection");
	peer = accept(listener, NULL, NULL);

	/* something that the writer does not read, and no room for more of its own */
	if (write(peer, "unread", 6) < 0)
		err(2, "write");
	fcntl(writer, F_SETFL, O_NONBLOCK);
	while (write(writer, data, sizeof data) > 0)
		continue;

	close(peer);
	end.fd = out.fd = writer;
	poll(&end, 1, -1); /* the writer's kernel knows */
	if (poll(&out, 1, 10000) == 0) {
		printf("POLLOUT: not within 10 seconds. But write(): ");
		(void)fflush(stdout);
		printf("%s\n", write(writer, data, 1) < 0 ? "fails at once" : "succeeds");
		return 1;
	}
	printf("POLLOUT: told, events %x\n", (unsigned)out.revents);
	return 0;
}
