/* SPDX-License-Identifier: MIT */
/*
 * data.c - data COUNT: so many rounds of write, read, writev, readv, send, read over a Unix
 * socket
 *
 * For counting instructions: nothing else happens in a round.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int main(int count, char **arguments)
{
	char byte = 'x';
	struct iovec part = {&byte, 1};
	int ends[2], failed = count != 2 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0;

	for (long i = failed ? 0 : strtol(arguments[1], NULL, 10); i > 0; i--) {
		failed |= write(ends[0], &byte, 1) != 1;
		failed |= read(ends[1], &byte, 1) != 1;
		failed |= writev(ends[0], &part, 1) != 1;
		failed |= readv(ends[1], &part, 1) != 1;
		failed |= send(ends[0], &byte, 1, 0) != 1;
		failed |= read(ends[1], &byte, 1) != 1;
	}
	return failed;
}
