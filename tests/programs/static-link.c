/* SPDX-License-Identifier: MIT */
/*
 * static-link.c - a statically linked program in the middle of a chain of exec()
 *
 * static-link FD PROGRAM [ARGUMENT...]
 *
 * It has no shim, and yet can use what it inherited, and pass it on: it sends one byte back on
 * the descriptor, and becomes PROGRAM.
 */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc > 2 ? atoi(argv[1]) : -1;
	char byte;

	if (read(fd, &byte, 1) != 1 || write(fd, &byte, 1) != 1)
		return 14;
	execv(argv[2], argv + 2);
	return 15;
}
