/* SPDX-License-Identifier: MIT */
/*
 * unread.c - makes wrapped calls, whatever becomes of their log
 *
 * unread CALLS [pending]	CALLS calls of shutdown(), each of them a line of the log;
 *prints "done FLAGS US", the flags of descriptor 2 and what the calls took; once its standard
 *input has ended or has a line, one more call. With `pending`, a SIGPIPE of the program's own
 *waits meanwhile, and must go on waiting.
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void check_mask(bool blocked)
{
	sigset_t mask, pending;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigpending(&pending);
	if (sigismember(&mask, SIGPIPE) != blocked || sigismember(&mask, SIGTTOU) ||
	    sigismember(&mask, SIGXFSZ))
		errx(1, "the mask of signals was changed");
	if (sigismember(&pending, SIGPIPE) != blocked)
		errx(1, "the pending signals were changed");
}

int main(int argc, char **argv)
{
	long calls = argc > 1 ? atol(argv[1]) : 0;
	bool pending = argc > 2 && strcmp(argv[2], "pending") == 0;
	double start;

	if (pending) {
		sigset_t set;

		sigemptyset(&set);
		sigaddset(&set, SIGPIPE);
		sigprocmask(SIG_BLOCK, &set, NULL);
		raise(SIGPIPE);
	}
	start = now_us();
	for (long i = 0; i < calls; i++)
		if (shutdown(-1, 0) == 0)
			return 2;
	printf("done %x %.0f\n", (unsigned)syscall(SYS_fcntl, STDERR_FILENO, F_GETFL),
	       now_us() - start);
	fflush(stdout);
	check_mask(pending);
	getchar();
	shutdown(-1, 1);
	check_mask(pending);
	return 0;
}
